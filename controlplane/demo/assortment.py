"""What the shops sell: categories with their seasons, prices, elasticities, and product words."""

from __future__ import annotations

from dataclasses import dataclass

# How demand moves over the months, January first; 100 is the usual.
SEASONS: dict[str, tuple[int, ...]] = {
    "all_year": (100,) * 12,
    "summer": (60, 65, 85, 110, 135, 150, 150, 135, 105, 80, 65, 60),
    "winter": (150, 135, 105, 80, 60, 55, 55, 60, 85, 115, 145, 155),
    "christmas": (75, 75, 80, 85, 90, 90, 90, 90, 95, 110, 150, 170),
    "back_to_school": (85, 80, 80, 85, 85, 95, 115, 165, 150, 95, 85, 80),
}


@dataclass(frozen=True)
class Shelf:
    """The second and third level of the hierarchy: what they hold and what it costs, in euros."""

    name: str
    kinds: tuple[str, ...]
    lowest: int
    highest: int
    season: str = "all_year"


@dataclass(frozen=True)
class Department:
    """The first level.

    `elasticity` is by how many per cent demand changes if the price rises by one; `returned` is the
    share of sales that come back from a store.
    """

    name: str
    share: float
    elasticity: float
    returned: float
    shelves: tuple[Shelf, ...]


def _shelf(name: str, kinds: str, lowest: int, highest: int, season: str = "all_year") -> Shelf:
    return Shelf(name, tuple(kinds.split("|")), lowest, highest, season)


DEPARTMENTS = (
    Department("Fashion", 0.26, -1.8, 0.09, (
        _shelf("Tops", "T-Shirt|Shirt|Jumper", 12, 60),
        _shelf("Outerwear", "Coat|Down Jacket|Scarf", 20, 190, "winter"),
        _shelf("Summer Wear", "Shorts|Sun Dress|Sandals", 15, 80, "summer"),
        _shelf("Shoes", "Trainers|Boots", 40, 160),
    )),
    Department("Home", 0.20, -1.3, 0.04, (
        _shelf("Kitchen", "Kettle|Frying Pan|Knife Set", 14, 140),
        _shelf("Decoration", "Candle|Vase|Picture Frame", 6, 60, "christmas"),
        _shelf("Bedroom", "Pillow|Duvet|Bed Linen", 18, 150),
    )),
    Department("Electronics", 0.18, -2.2, 0.06, (
        _shelf("Audio", "Headphones|Speaker|Earbuds", 25, 290, "christmas"),
        _shelf("Computing", "Keyboard|Mouse|Monitor", 18, 320, "back_to_school"),
        _shelf("Power", "Charger|Power Bank|Cable", 7, 70),
    )),
    Department("Outdoor", 0.14, -1.5, 0.05, (
        _shelf("Garden", "Hose|Planter|Pruner", 8, 110, "summer"),
        _shelf("Camping", "Tent|Sleeping Bag|Stove", 25, 280, "summer"),
        _shelf("Cycling", "Helmet|Bike Light|Lock", 15, 120),
    )),
    Department("Toys and Books", 0.12, -1.1, 0.03, (
        _shelf("Toys", "Building Set|Jigsaw|Plush Bear", 9, 90, "christmas"),
        _shelf("Books", "Novel|Cookbook|Atlas", 8, 45, "christmas"),
        _shelf("School", "Notebook|Pencil Case|Backpack", 3, 80, "back_to_school"),
    )),
    Department("Food and Care", 0.10, -0.8, 0.01, (
        _shelf("Pantry", "Coffee|Tea|Chocolate|Olive Oil", 4, 30),
        _shelf("Care", "Soap|Hand Cream|Shampoo", 3, 28),
    )),
)  # fmt: skip

BRANDS = (
    "Aldermoor", "Bellmere", "Corvel", "Dunmere", "Estrela", "Fjordane", "Galvano", "Hartwell",
    "Ilmari", "Juniper", "Kestrel", "Lumina", "Marivo", "Nordholt", "Orsino", "Pellworm", "Quillon",
    "Ravenna", "Solveig", "Tarnow", "Umbra", "Velaro", "Westray", "Zephyr",
)  # fmt: skip
LINES = (
    "Classic", "Urban", "Alpine", "Coast", "Studio", "Heritage", "Mono", "Active", "Petite",
    "Grand", "Eco", "Prime",
)  # fmt: skip
COLOURS = ("black", "white", "blue", "green", "red", "grey", "natural")
MATERIALS = ("cotton", "wool", "steel", "oak", "recycled plastic", "ceramic", "paper")
