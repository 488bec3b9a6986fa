"""Columns with a known type, invented from a seed: every kind and format, with flaws that data has.

Some cannot be told for certain: 0 and 1 without a name, days that could be months, codes of digits.
"""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WORDS = [
    "amber",
    "river",
    "stone",
    "cloud",
    "maple",
    "copper",
    "window",
    "garden",
    "silver",
    "harbor",
    "meadow",
    "lantern",
    "forest",
    "marble",
    "ribbon",
    "candle",
    "velvet",
    "thunder",
    "pepper",
    "saddle",
    "anchor",
    "basket",
    "cotton",
    "desert",
    "engine",
    "falcon",
]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
GERMAN = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
MISSING = ("NA", "N/A", "-", "?", "null", "NULL", "none", "n/a", "--", "#N/A", "NaN")

DATES = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%B %d, %Y",
    "%m/%d/%y",
    "%d-%b-%y",
    "%Y%m%d",
    "%A, %d %B %Y",
)
DATETIMES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S+02:00",
    "%Y-%m-%d 00:00:00",
    "%Y%m%d%H%M%S",
    "%d.%m.%Y %H:%M:%S",
    "%b %d, %Y %I:%M %p",
)


@dataclass(frozen=True)
class Generated:
    name: str
    values: tuple[str | None, ...]
    truth: str
    semantic: str | None
    sentinel: str | None


Maker = Callable[[random.Random], Callable[[], str]]


def _whole(r: random.Random) -> Callable[[], str]:
    high = 10 ** r.randint(1, 7)
    low = -high if r.random() < 0.2 else 0
    return lambda: str(r.randint(low, high))


def _fraction(r: random.Random) -> Callable[[], str]:
    scale, spread = r.randint(1, 4), 10 ** r.randint(0, 4)
    return lambda: f"{r.gauss(spread, spread / 2):.{scale}f}"


def _grouped(r: random.Random) -> Callable[[], str]:
    decimal, group = r.choice([(".", ","), (",", "."), (",", " "), (".", "'")])

    def make() -> str:
        text = f"{r.uniform(-5e3, 5e5):,.2f}"
        return text.replace(",", "\0").replace(".", decimal).replace("\0", group)

    return make


def _money(r: random.Random) -> Callable[[], str]:
    form = r.choice(["${}", "€ {}", "{} €", "{} USD", "GBP {}", "({})", "£{}"])

    def make() -> str:
        amount = f"{r.uniform(1, 9e4):,.2f}"
        if form == "({})":
            return f"(${amount})" if r.random() < 0.3 else f"${amount}"
        return form.format(amount)

    return make


def _percent(r: random.Random) -> Callable[[], str]:
    return lambda: f"{r.uniform(-20, 120):.{r.choice([1, 2])}f}%"


def _scientific(r: random.Random) -> Callable[[], str]:
    return lambda: f"{r.uniform(-9, 9):.3f}e{r.randint(-9, 12):+03d}"


def _day(r: random.Random) -> Callable[[], datetime]:
    start = datetime(1990, 1, 1) + timedelta(days=r.randint(0, 9000))
    span = r.choice([90, 900, 9000])
    return lambda: start + timedelta(days=r.randint(0, span), seconds=r.randint(0, 86399))


def _date(r: random.Random) -> Callable[[], str]:
    day = _day(r)
    form = r.choice(DATES)
    return lambda: day().strftime(form)


def _german_date(r: random.Random) -> Callable[[], str]:
    day = _day(r)

    def make() -> str:
        moment = day()
        return f"{moment.day}. {GERMAN[moment.month - 1]} {moment.year}"

    return make


def _datetime(r: random.Random) -> Callable[[], str]:
    day = _day(r)
    form = r.choice(DATETIMES)
    return lambda: day().strftime(form)


def _time(r: random.Random) -> Callable[[], str]:
    day = _day(r)
    form = r.choice(["%H:%M", "%H:%M:%S", "%I:%M %p"])
    return lambda: day().strftime(form)


def _year(r: random.Random) -> Callable[[], str]:
    return lambda: str(r.randint(1950, 2024))


def _truth(r: random.Random) -> Callable[[], str]:
    pair = r.choice(
        [("true", "false"), ("True", "False"), ("t", "f"), ("yes", "no"), ("Yes", "No")]
    )
    return lambda: r.choice(pair)


def _bit(r: random.Random) -> Callable[[], str]:
    return lambda: r.choice("01")


def _words(r: random.Random) -> Callable[[], str]:
    return lambda: " ".join(r.choice(WORDS) for _ in range(r.randint(1, 3)))


def _class(r: random.Random) -> Callable[[], str]:
    names = r.sample(WORDS, r.randint(3, 7))
    return lambda: r.choice(names)


def _prose(r: random.Random) -> Callable[[], str]:
    return lambda: " ".join(r.choice(WORDS) for _ in range(r.randint(8, 20))).capitalize() + "."


def _padded(r: random.Random) -> Callable[[], str]:
    width = r.randint(4, 8)
    return lambda: f"{r.randint(0, 10 ** (width - 1)):0{width}d}"


def _digits_code(r: random.Random) -> Callable[[], str]:
    return lambda: str(r.randint(10_000, 99_999))


def _letters_code(r: random.Random) -> Callable[[], str]:
    head = "".join(r.choices(string.ascii_uppercase, k=2))
    return lambda: f"{head}-{r.randint(0, 99999):05d}"


def _phone(r: random.Random) -> Callable[[], str]:
    form = r.choice(["+49 {} {}", "({}) 555-{}", "{}-555-{}", "0{}/{}"])
    return lambda: form.format(r.randint(200, 999), r.randint(1000, 9999))


def _url(r: random.Random) -> Callable[[], str]:
    return lambda: f"https://{r.choice(WORDS)}.example/{r.choice(WORDS)}?id={r.randint(1, 999)}"


def _email(r: random.Random) -> Callable[[], str]:
    return lambda: (
        f"{r.choice(WORDS)}.{r.choice(WORDS)}{r.randint(1, 99)}@{r.choice(WORDS)}.example"
    )


def _ip(r: random.Random) -> Callable[[], str]:
    return lambda: ".".join(str(r.randint(0, 255)) for _ in range(4))


def _uuid(r: random.Random) -> Callable[[], str]:
    return lambda: str(uuid.UUID(int=r.getrandbits(128), version=4))


def _quantity(r: random.Random) -> Callable[[], str]:
    unit = r.choice([" kg", "kg", " mm", " GB", "cm", " mph", " years"])
    return lambda: f"{r.randint(1, 500)}{unit}"


def _list(r: random.Random) -> Callable[[], str]:
    mark = r.choice(["; ", "|", ", "])
    names = r.sample(WORDS, 9)
    return lambda: mark.join(r.sample(names, r.randint(1, 5)))


def _json(r: random.Random) -> Callable[[], str]:
    return lambda: f'{{"{r.choice(WORDS)}": {r.randint(1, 9)}}}'


def _geo(r: random.Random) -> Callable[[], str]:
    return lambda: f"{r.uniform(-80, 80):.5f}, {r.uniform(-170, 170):.5f}"


def _duration(r: random.Random) -> Callable[[], str]:
    form = r.choice(["PT{}H{}M", "{}h {}m", "{} days {} hours"])
    return lambda: form.format(r.randint(1, 40), r.randint(1, 59))


# (truth, semantic, names that tell, the maker)
KINDS: Sequence[tuple[str, str | None, str, Maker]] = (
    ("integer", None, "quantity stock points", _whole),
    ("decimal", None, "weight score height", _fraction),
    ("decimal", None, "turnover", _grouped),
    ("decimal", "currency", "price amount", _money),
    ("decimal", "percent", "share_pct", _percent),
    ("decimal", "scientific", "reading", _scientific),
    ("date", None, "order_date born", _date),
    ("date", None, "datum", _german_date),
    ("datetime", None, "created_at", _datetime),
    ("time", None, "opens", _time),
    ("year", None, "model_year", _year),
    ("boolean", None, "is_active has_car", _truth),
    ("boolean", None, "is_member sold_flag", _bit),
    ("string", None, "nickname", _words),
    ("string", "categorical", "tier", _class),
    ("string", "text", "remarks", _prose),
    ("string", None, "article_code", _padded),
    ("string", "postcode", "zip_code", _digits_code),
    ("integer", None, "badge", _digits_code),
    ("string", "identifier", "part_no", _letters_code),
    ("string", "phone", "phone", _phone),
    ("string", "url", "homepage", _url),
    ("string", "email", "contact", _email),
    ("string", "ip", "client", _ip),
    ("string", "uuid", "session_id", _uuid),
    ("string", "embedded_number", "size", _quantity),
    ("string", "list", "tags", _list),
    ("string", "json", "payload", _json),
    ("string", "geo", "place", _geo),
    ("string", "duration", "took", _duration),
)


def generated_cases(count: int, seed: int = 1) -> list[Generated]:
    """`count` columns; half of them have a name that tells nothing, a third has flaws."""
    r = random.Random(seed)
    return [_case(r, *KINDS[index % len(KINDS)]) for index in range(count)]


def _case(
    r: random.Random, truth: str, semantic: str | None, names: str, maker: Maker
) -> Generated:
    make = maker(r)
    rows = r.choice([6, 20, 60, 300, 800])
    values: list[str | None] = [make() for _ in range(rows)]
    sentinel = None
    if r.random() < 0.35:
        sentinel = r.choice(MISSING)
        for index in range(rows):
            if index > 1 and r.random() < 0.08:
                values[index] = sentinel
        sentinel = sentinel if sentinel in values else None
    if r.random() < 0.3:
        values = [None if index > 1 and r.random() < 0.2 else v for index, v in enumerate(values)]
    if r.random() < 0.15 and rows >= 60:
        # A slip: one value that is something else.
        values[r.randrange(2, rows)] = r.choice(["see note", "ERROR", "12a", "#REF!", "1,2,3"])
    name = r.choice(names.split()) if r.random() < 0.5 else r.choice(["c1", "x", "field_7", "V12"])
    return Generated(name, tuple(values), truth, semantic, sentinel)
