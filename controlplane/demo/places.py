"""Where the company sells: regions with their country, currency, tax, language and shops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CHANNELS = ("store", "web", "mobile", "marketplace")
STORE, WEB, MOBILE, MARKETPLACE = range(4)
CHANNEL_SHARES = (0.55, 0.24, 0.13, 0.08)

CURRENCIES = ("EUR", "GBP", "CHF", "SEK", "USD")
# Units of the currency for one euro, in ten-thousandths: what the local price lists are made with.
LIST_RATES = (10_000, 8_600, 9_500, 112_000, 10_800)

LANGUAGES = ("en", "de", "fr", "es")
EN, DE, FR, ES = range(4)


@dataclass(frozen=True)
class Region:
    """A part of the market. `share` is of all sales; a region without stores sells on line only."""

    name: str
    country: str
    currency: int
    tax_permille: int
    language: int
    share: float
    stores: int
    phone: str
    towns: tuple[tuple[str, str], ...]


def _towns(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.rsplit(" ", 1) for part in text.split("|"))
    return tuple((name, code) for name, code in pairs)


# Telephone numbers are of blocks that are kept for fiction, or such as no exchange hands out.
REGIONS = (
    Region("Germany North", "DE", 0, 190, DE, 0.19, 6, "+49 30 23125",
           _towns("Hamburg 20095|Berlin 10115|Bremen 28195|Kiel 24103|Rostock 18055")),
    Region("Germany South", "DE", 0, 190, DE, 0.20, 6, "+49 89 99998",
           _towns("München 80331|Stuttgart 70173|Nürnberg 90402|Freiburg 79098|Ulm 89073")),
    Region("France", "FR", 0, 200, FR, 0.17, 5, "+33 1 99 00",
           _towns("Paris 75001|Lyon 69001|Lille 59000|Nantes 44000|Saint-Étienne 42000")),
    Region("Spain", "ES", 0, 210, ES, 0.12, 4, "+34 000 00",
           _towns("Madrid 28001|Valencia 46001|Sevilla 41001|Málaga 29001|Cádiz 11001")),
    Region("United Kingdom", "GB", 1, 200, EN, 0.16, 5, "+44 20 7946 0",
           _towns("London WC2N|Leeds LS1|Bristol BS1|Glasgow G1|Cardiff CF10")),
    Region("Switzerland", "CH", 2, 81, DE, 0.06, 2, "+41 00 000",
           _towns("Zürich 8001|Bern 3011|Basel 4051|Luzern 6003|Winterthur 8400")),
    Region("Sweden", "SE", 3, 250, EN, 0.05, 0, "+46 8 465 004",
           _towns("Stockholm 11120|Göteborg 41104|Malmö 21120|Uppsala 75320|Umeå 90325")),
    Region("United States", "US", 4, 70, EN, 0.05, 0, "+1 202 555 01",
           _towns("Boston 02108|Chicago 60601|Austin 78701|Denver 80202|Portland 97201")),
)  # fmt: skip

STREETS: Mapping[str, tuple[str, ...]] = {
    "DE": ("Lindenstraße", "Gartenweg", "Am Markt", "Schulstraße", "Bergstraße", "Ringstraße"),
    "CH": ("Seestrasse", "Dorfstrasse", "Bahnhofstrasse", "Kirchgasse", "Talweg", "Höhenweg"),
    "FR": ("rue du Moulin", "rue de l'Église", "avenue des Tilleuls", "place du Marché",
           "chemin Vert", "rue Neuve"),
    "ES": ("Calle Mayor", "Calle del Sol", "Avenida del Puerto", "Plaza Nueva", "Calle Real",
           "Paseo del Río"),
    "GB": ("High Street", "Station Road", "Church Lane", "Mill Road", "Park Avenue", "The Crescent"),
    "SE": ("Storgatan", "Kyrkogatan", "Skolgatan", "Björkvägen", "Strandvägen", "Ängsvägen"),
    "US": ("Main Street", "Oak Avenue", "Maple Drive", "Second Street", "Lake Road", "Hill Street"),
}  # fmt: skip


def stores() -> list[tuple[str, int]]:
    """Every store with its region."""
    found = []
    for number, region in enumerate(REGIONS):
        found += [(f"S-{number + 1}{one + 1:02d}", number) for one in range(region.stores)]
    return found
