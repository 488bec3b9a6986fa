"""What the name of a column says about its values; a name that says nothing decides nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from controlplane.discover.code_lists import word_set

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")

_FLAG_FIRST = word_set("is has was can should did does allow allows needs ist hat est")
# Adjectives such as `active` are not among them: many databases keep 0 and 1 as a number there.
_FLAG = word_set("flag bool boolean indicator contract enabled disabled deleted optin optout")
_FLAG_ENDS = ("flag", "bool", "indicator", "_yn", "_ind", "_fl", "flg")
_PHONE = word_set(
    "phone phones telephone telefon telefono mobile mobil cell cellphone fax tel msisdn"
)
_PHONE_PARTS = ("phone", "telefon", "mobilenumber")
_POSTCODE = word_set("zip zipcode postal postcode postalcode plz pincode cep zip4 zip5")
_POSTCODE_PARTS = ("zipcode", "postcode", "postalcode", "zip_code", "postal_code")
# Digits that nobody calculates with.
_CODE = word_set(
    "iban bic swift ssn isbn issn ean upc gtin barcode vin npi imei imsi iccid cusip isin sku"
    " extension ext passport licence license fips naics sic ndc icd cpt mac doi orcid nhs vat"
    " ein tin tax_id"
)
_CODE_PAIRS = frozenset(
    {
        ("street", "number"),
        ("house", "number"),
        ("street", "no"),
        ("house", "no"),
        ("card", "number"),
        ("account", "number"),
        ("account", "no"),
        ("tax", "id"),
        ("serial", "number"),
        ("serial", "no"),
        ("tracking", "number"),
        ("routing", "number"),
        ("national", "id"),
        ("national", "number"),
        ("id", "number"),
        ("suite", "number"),
        ("apartment", "number"),
        ("flat", "number"),
        ("area", "code"),
        ("dial", "code"),
        ("sort", "code"),
    }
)
_YEAR = word_set("year yr years jahr annee ano anno jaar yyyy vintage")
_IDENTIFIER_LAST = word_set("id ids key keys sk fk pk uid uuid guid identifier rowid oid nr")
_IDENTIFIER_ALONE = word_set("index idx row rownum no num number id key nr")
_IDENTIFIER_NUMBER = frozenset(("no", "num", "number", "nbr", "nummer", "ref", "reference"))
_CATEGORY = word_set(
    "code type class category cat group grp status state gender sex kind level grade rank"
    " rating tier segment band region zone district month day weekday dow moy dom quarter qtr"
    " season hour method mode source channel department dept country nation language currency"
    " color colour size brand model cluster label outcome target species education occupation"
    " job role city county province continent nationality religion race ethnicity shift style"
    " position stage phase section sector industry origin carrier platform device"
)
_MEASURE = word_set(
    "count cnt qty quantity amount amt total sum avg average mean price cost value val"
    " revenue sales profit balance salary income score points age weight height width length"
    " size depth distance duration minutes seconds hours days weeks months rate ratio percent"
    " pct tax fee discount freight stock units population votes views clicks visits"
)
_TIME = word_set(
    "date datetime time timestamp ts created updated modified at when dt datum day epoch"
    " fecha expires expiry birthday dob since until"
)
_DURATION = word_set("duration elapsed length runtime lap interval took delay dauer")
_LATITUDE = frozenset(("lat", "latitude"))
_LONGITUDE = frozenset(("lon", "lng", "long", "longitude"))
_COUNTRY = word_set("country nation nationality land countrycode iso iso2 iso3 pays pais")
_CURRENCY = word_set("currency curr ccy currencycode waehrung devise moneda")
_LANGUAGE = word_set("language lang locale languagecode sprache langue idioma")
_TEXT = word_set(
    "description desc comment comments note notes review text body message summary abstract"
    " remarks bio content details question answer feedback"
)
_COMPACT_MONTH = word_set("month period yyyymm yearmonth ym monat mois")


_COUNTED = frozenset("c col column f field var v x".split())


@dataclass(frozen=True)
class ColumnName:
    """The words of a column's name in lower case, and what they say."""

    text: str
    words: tuple[str, ...]

    def _any(self, words: frozenset[str]) -> bool:
        return any(word in words for word in self.words)

    @property
    def last(self) -> str:
        """The last word that is no number; empty where there is none."""
        return next((word for word in reversed(self.words) if not word.isdigit()), "")

    @property
    def joined(self) -> str:
        """The words with `_` between them."""
        return "_".join(self.words)

    @property
    def says_nothing(self) -> bool:
        """Whether it only counts: `c1`, `col_2`, `field3`."""
        counted = [word for word in self.words if word.isdigit()]
        return bool(counted) and all(w.isdigit() or w in _COUNTED for w in self.words)

    @property
    def is_flag(self) -> bool:
        """Whether its values say yes or no."""
        return bool(self.words) and (
            (self.words[0] in _FLAG_FIRST and len(self.words) > 1)
            or self.last in _FLAG
            or self.joined.endswith(_FLAG_ENDS)
        )

    @property
    def is_phone(self) -> bool:
        """Whether its values are telephone numbers."""
        return self._any(_PHONE) or any(part in self.joined for part in _PHONE_PARTS)

    @property
    def is_postcode(self) -> bool:
        """Whether its values are postal codes."""
        return self._any(_POSTCODE) or any(part in self.joined for part in _POSTCODE_PARTS)

    @property
    def is_code(self) -> bool:
        """Whether its values are codes even where they are all digits."""
        pairs = set(zip(self.words, self.words[1:], strict=False))
        return self._any(_CODE) or bool(pairs & _CODE_PAIRS)

    @property
    def is_year(self) -> bool:
        """Whether its values are years."""
        return self.last in _YEAR or self.joined.endswith(("year", "_yr"))

    @property
    def is_identifier(self) -> bool:
        """Whether its values identify something."""
        if not self.words or self.last == "":
            return False
        if len(self.words) == 1 and self.last in _IDENTIFIER_ALONE:
            return True
        return (
            self.last in _IDENTIFIER_LAST
            or (self.last in _IDENTIFIER_NUMBER and len(self.words) > 1)
            or (len(self.text) > 3 and self.text.endswith(("ID", "Id")))
        )

    @property
    def is_category(self) -> bool:
        """Whether its values are few and name a class."""
        return self._any(_CATEGORY) and not self._any(_MEASURE)

    @property
    def is_measure(self) -> bool:
        """Whether its values are measured or counted."""
        return self._any(_MEASURE)

    @property
    def is_time(self) -> bool:
        """Whether its values are moments."""
        return self._any(_TIME) or self.joined.endswith(("date", "time", "timestamp"))

    @property
    def is_duration(self) -> bool:
        """Whether its values are lengths of time."""
        return self._any(_DURATION)

    @property
    def is_latitude(self) -> bool:
        """Whether its values are degrees of latitude."""
        return self.last in _LATITUDE

    @property
    def is_longitude(self) -> bool:
        """Whether its values are degrees of longitude."""
        return self.last in _LONGITUDE

    @property
    def is_country(self) -> bool:
        """Whether its values are countries."""
        return self._any(_COUNTRY)

    @property
    def is_currency(self) -> bool:
        """Whether its values are currencies."""
        return self._any(_CURRENCY)

    @property
    def is_language(self) -> bool:
        """Whether its values are languages."""
        return self._any(_LANGUAGE)

    @property
    def is_text(self) -> bool:
        """Whether its values are written for people to read."""
        return self._any(_TEXT)

    @property
    def is_compact_month(self) -> bool:
        """Whether six digits in it are a year and a month."""
        return self._any(_COMPACT_MONTH)


@lru_cache(maxsize=4096)
def read_name(name: str) -> ColumnName:
    """The words of a name in any style: `orderDate`, `ORDER_DATE`, `Order date`."""
    return ColumnName(name, tuple(word.lower() for word in _WORD.findall(name)))
