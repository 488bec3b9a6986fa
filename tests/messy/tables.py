"""Tables as exports of real systems have them, with invented content: what the files are made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random

_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")


def is_number(text: str) -> bool:
    """Whether a cell is a plain number, with a point or a comma before the decimals."""
    return bool(_NUMBER.fullmatch(text))


@dataclass(frozen=True)
class Table:
    """A table of text; `delimiter` is what its export uses where nothing is wrong with it."""

    name: str
    header: list[str]
    rows: list[list[str]]
    delimiter: str = ","


Rows = list[list[str]]
_MAKERS: dict[str, Callable[[Random], Table]] = {}


def _table(make: Callable[[Random], Table]) -> Callable[[Random], Table]:
    _MAKERS[make.__name__] = make
    return make


def names() -> list[str]:
    """The names of all tables."""
    return list(_MAKERS)


@cache
def table(name: str, seed: int) -> Table:
    """The table of that name; do not change it."""
    made = _MAKERS[name](Random(f"{seed}/{name}"))
    assert all(len(row) == len(made.header) for row in made.rows), name
    return made


def _day(rng: Random) -> date:
    return date(2024, 1, 1) + timedelta(days=rng.randrange(800))


def _moment(rng: Random) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(60_000_000))


def _money(rng: Random, most: int = 900) -> str:
    return f"{rng.randrange(1, most * 100) / 100:.2f}"


@_table
def orders(rng: Random) -> Table:
    """Dates and decimal amounts; the customers' names have a comma now and then."""
    customers = ["Northgate Tools", "Ives, Baker and Sons", "O'Hara Ltd", "Blue Door", "Vega Foods"]
    return Table(
        "orders",
        ["order_id", "ordered_on", "customer", "quantity", "amount", "status"],
        [
            [
                str(10_000 + number),
                _day(rng).isoformat(),
                rng.choice(customers),
                str(rng.randrange(1, 40)),
                _money(rng),
                rng.choice(["open", "paid", "shipped", "returned"]),
            ]
            for number in range(60)
        ],
    )


@_table
def survey(rng: Random) -> Table:
    """Long free text with commas, quotes and newlines within cells."""
    parts = [
        "The staff was friendly, but the queue was long.",
        'My daughter said: "Can we stay?"',
        "Parking is too far away; next time we take the bus.",
        "First visit, surely not the last!",
        "The map at the entrance shows the old building.",
        "Too warm in the second hall, too cold in the third.",
        'The sign says "open", the door said otherwise.',
    ]
    joints = [" ", "\n", " ", "\n\n", " "]

    def comment() -> str:
        chosen = rng.sample(parts, rng.randrange(1, 5))
        return "".join(part + rng.choice(joints) for part in chosen).strip()

    return Table(
        "survey",
        ["respondent", "age", "comment", "recommend", "visited on"],
        [
            [
                f"R{number:03}",
                str(rng.randrange(16, 90)),
                comment(),
                rng.choice(["yes", "no", "perhaps"]),
                _day(rng).strftime("%d/%m/%Y"),
            ]
            for number in range(1, 41)
        ],
    )


@_table
def readings(rng: Random) -> Table:
    """Sensor readings every quarter of an hour."""
    first = datetime(2025, 3, 1, tzinfo=UTC)
    return Table(
        "readings",
        ["read_at", "sensor", "temperature", "humidity", "pressure"],
        [
            [
                (first + timedelta(minutes=15 * (number // 3))).strftime("%Y-%m-%d %H:%M:%S"),
                ["attic", "cellar", "porch"][number % 3],
                f"{rng.gauss(12, 6):.1f}",
                str(rng.randrange(30, 99)),
                f"{rng.gauss(1013, 8):.2f}",
            ]
            for number in range(300)
        ],
    )


@_table
def addresses_europe(rng: Random) -> Table:
    """Addresses with the letters of western Europe."""
    people = [
        "Jürgen Groß",
        "Zoë Lefèvre",
        "Åsa Björk",
        "José Muñoz",
        "Anaïs François",
        "Jörg Weiß",
    ]
    streets = ["Hauptstraße", "Rue de l'Évêché", "Södra Vägen", "Calle del Niño", "Große Allee"]
    cities = ["München", "Besançon", "Malmö", "A Coruña", "Zürich", "Nîmes"]
    countries = ["Deutschland", "France", "Sverige", "España", "Österreich"]
    return Table(
        "addresses_europe",
        ["name", "street", "postcode", "city", "country", "since"],
        [
            [
                rng.choice(people),
                f"{rng.choice(streets)} {rng.randrange(1, 180)}",
                f"{rng.randrange(1000, 99999):05}",
                rng.choice(cities),
                rng.choice(countries),
                _day(rng).isoformat(),
            ]
            for _ in range(50)
        ],
    )


@_table
def addresses_japan(rng: Random) -> Table:
    """Addresses in Japanese, with a Japanese header."""
    people = ["佐藤 花子", "鈴木 一郎", "高橋 さくら", "田中 健", "渡辺 ミキ"]
    cities = ["東京都千代田区", "大阪府大阪市北区", "京都府京都市左京区", "北海道札幌市中央区"]
    notes = ["置き配可", "午前中希望", "ベルを鳴らさないでください", ""]
    return Table(
        "addresses_japan",
        ["会員番号", "氏名", "郵便番号", "住所", "備考"],
        [
            [
                str(5000 + number),
                rng.choice(people),
                f"{rng.randrange(100, 999)}-{rng.randrange(1000, 9999)}",
                f"{rng.choice(cities)}{rng.randrange(1, 9)}丁目{rng.randrange(1, 30)}番地",
                rng.choice(notes),
            ]
            for number in range(30)
        ],
    )


@_table
def addresses_china(rng: Random) -> Table:
    """Addresses in Chinese, with an English header."""
    people = ["王小明", "李娜", "张伟", "刘洋", "陈静"]
    cities = ["北京市海淀区", "上海市浦东新区", "广州市天河区", "成都市武侯区"]
    return Table(
        "addresses_china",
        ["id", "name", "city", "street", "amount"],
        [
            [
                f"C{number:05}",
                rng.choice(people),
                rng.choice(cities),
                f"人民路{rng.randrange(1, 400)}号",
                _money(rng),
            ]
            for number in range(35)
        ],
    )


@_table
def addresses_russia(rng: Random) -> Table:
    """Addresses in Russian, with a Russian header."""
    people = ["Иванова Мария", "Пётр Смирнов", "Кузнецов Олег", "Анна Соколова"]
    cities = ["Москва", "Санкт-Петербург", "Казань", "Новосибирск"]
    streets = ["ул. Ленина", "Невский проспект", "Садовая улица", "Лесной переулок"]
    return Table(
        "addresses_russia",
        ["номер", "имя", "город", "адрес", "сумма"],
        [
            [
                str(number),
                rng.choice(people),
                rng.choice(cities),
                f"{rng.choice(streets)}, дом {rng.randrange(1, 90)}",
                _money(rng),
            ]
            for number in range(1, 46)
        ],
    )


@_table
def addresses_world(rng: Random) -> Table:
    """Addresses in several scripts, which only Unicode holds together."""
    lines = [
        ["Łukasz Wójcik", "ul. Krótka 5", "Łódź", "Polska"],
        ["Ελένη Παππά", "Οδός Ερμού 12", "Αθήνα", "Ελλάδα"],
        ["김민준", "세종대로 110", "서울", "대한민국"],
        ["محمد علي", "شارع النيل 7", "القاهرة", "مصر"],
        ["Siobhán Ní Bhriain", "14 Sráid Uí Chonaill", "Baile Átha Cliath", "Éire"],
        ["田中 健", "神保町 1-2", "東京", "日本"],
        ["Nguyễn Thị Hoa", "12 Lê Lợi", "Huế", "Việt Nam"],
    ]
    return Table(
        "addresses_world",
        ["id", "name", "street", "city", "country"],
        [[str(number), *rng.choice(lines)] for number in range(1, 26)],
    )


@_table
def products(rng: Random) -> Table:
    """A catalogue with part numbers and descriptions that have inches and commas."""
    what = ["Hex bolt", "Pipe", "Elbow, 90 degrees", "Gasket", "Ball valve, brass", "Clamp"]
    sizes = ['1/2"', '3/4"', "M8", "12 mm", '5" x 2"', ""]
    return Table(
        "products",
        ["part no.", "description", "size", "list price", "stock", "EAN"],
        [
            [
                f"{rng.choice(['AX', 'BR', 'KQ'])}-{rng.randrange(100, 999)}/{number:03}",
                rng.choice(what),
                rng.choice(sizes),
                _money(rng, 60),
                str(rng.randrange(0, 4000)),
                f"{rng.randrange(10**12, 10**13)}",
            ]
            for number in range(80)
        ],
    )


@_table
def staff(rng: Random) -> Table:
    """Only text, in every column."""
    first = ["Ada", "Bela", "Chen", "Dunja", "Emeka", "Fatou", "Goran"]
    last = ["Novak", "Okafor", "Lindqvist", "Marsh", "de la Cruz", "Tanaka"]
    return Table(
        "staff",
        ["first name", "last name", "department", "office"],
        [
            [
                rng.choice(first),
                rng.choice(last),
                rng.choice(["Sales", "Research", "Legal", "Facilities"]),
                rng.choice(["Lisbon", "Oslo", "Porto Alegre", "Leeds"]),
            ]
            for _ in range(25)
        ],
    )


@_table
def measurements(rng: Random) -> Table:
    """Only numbers, in thirty columns."""
    return Table(
        "measurements",
        [f"x{column}" for column in range(1, 31)],
        [[f"{rng.gauss(0, 100):.{column % 4}f}" for column in range(30)] for _ in range(100)],
    )


@_table
def visits(rng: Random) -> Table:
    """Many empty cells: most columns are filled in one record of five."""
    header = ["visit", "ward", "admitted", "discharged", *(f"code {n}" for n in range(1, 9))]

    def row(number: int) -> list[str]:
        day = _day(rng)
        codes = [
            f"{rng.choice('ABCEIJ')}{rng.randrange(10, 99)}.{rng.randrange(10)}"
            if rng.random() < 0.2
            else ""
            for _ in range(8)
        ]
        left = (day + timedelta(days=3)).isoformat() if rng.random() < 0.5 else ""
        return [f"V{number:04}", rng.choice(["3 East", "ICU", ""]), day.isoformat(), left, *codes]

    return Table("visits", header, [row(number) for number in range(1, 61)])


@_table
def ledger(rng: Random) -> Table:
    """Decimal commas with a semicolon between cells, as a German export has them."""
    texts = ["Miete", "Büromaterial", "Porto; Einschreiben", "Fahrtkosten", "Gebühren", "Erlöse"]
    return Table(
        "ledger",
        ["Beleg", "Datum", "Konto", "Text", "Soll", "Haben"],
        [
            [
                str(70_000 + number),
                _day(rng).strftime("%d.%m.%Y"),
                str(rng.choice([1200, 4210, 4930, 8400])),
                rng.choice(texts),
                *rng.choice(
                    [(_money(rng).replace(".", ","), ""), ("", _money(rng).replace(".", ","))]
                ),
            ]
            for number in range(70)
        ],
        ";",
    )


@_table
def events(rng: Random) -> Table:
    """Timestamps with and without fractions and zones, and messages with colons and brackets."""
    messages = [
        "GET /health: 200",
        "job 'nightly' started [pid=4211]",
        "retry in 5s: connection reset",
        "disk at 91%, cleaning",
        "user=ada action=login",
    ]
    return Table(
        "events",
        ["logged_at", "received", "level", "host", "message"],
        [
            [
                _moment(rng).isoformat(timespec="milliseconds"),
                _moment(rng).strftime("%Y-%m-%dT%H:%M:%SZ"),
                rng.choice(["INFO", "WARN", "ERROR"]),
                f"10.0.{rng.randrange(4)}.{rng.randrange(2, 250)}",
                rng.choice(messages),
            ]
            for _ in range(120)
        ],
    )


@_table
def phones(rng: Random) -> Table:
    """Phone numbers as people write them."""
    layouts = ["+44 20 7946 {:04}", "(555) 010-{:04}", "030/901820-{:03}", "00 33 1 99 00 {:04}"]
    people = ["Okoro, N.", "Smith, J.", "Ortiz, M.", "Lund, K."]
    return Table(
        "phones",
        ["contact", "phone", "mobile", "extension"],
        [
            [
                rng.choice(people),
                rng.choice(layouts).format(rng.randrange(10_000) % 1000),
                rng.choice(["", rng.choice(layouts).format(rng.randrange(1000))]),
                str(rng.randrange(10, 99)),
            ]
            for _ in range(20)
        ],
    )


@_table
def links(rng: Random) -> Table:
    """Web addresses with all that may stand in one."""
    tails = [
        "/a?b=1&c=2",
        "/search?q=red,green;page=3#top",
        "/~ann/notes.html",
        ":8080/x|y",
        "/%C3%A9t%C3%A9?from=2025-01-01T00:00:00",
    ]
    return Table(
        "links",
        ["url", "title", "visits", "last visit"],
        [
            [
                f"https://www.example-{number}.org{rng.choice(tails)}",
                rng.choice(["Home", "Search: results", "Notes (old)", "Summer"]),
                str(rng.randrange(1, 10**6)),
                _day(rng).strftime("%m/%d/%Y"),
            ]
            for number in range(40)
        ],
    )


@_table
def snippets(_: Random) -> Table:
    """Code with every punctuation mark, over several lines."""
    code = [
        ("python", 'print("a", "b", sep=";")'),
        ("python", "for x in y:\n    z[x] = {'k': x, 'v': [1, 2]}\n    print(z)"),
        ("sql", "select 'it''s', \"col\" from t where a <> b;"),
        ("bash", "cat a.txt | grep -v '^#' | cut -d: -f1,3 > b.txt"),
        ("c", 'if (a && !b) { printf("%d%%", a); }'),
        ("html", "<a href=\"x.html\" class='y'>x &amp; y</a>"),
        ("regex", r"^(\d{3})[-. ]?(\d{4})$"),
        ("json", '{"a": [1, 2.5, null], "b": {"c": "d, e"}}'),
        ("css", "a:hover, a:focus { color: #ff0000; }"),
        ("make", "all: a.o b.o\n\tcc -o all a.o b.o"),
    ]
    return Table(
        "snippets",
        ["number", "language", "code", "lines"],
        [
            [str(number), language, text, str(text.count("\n") + 1)]
            for number, (language, text) in enumerate(code, 1)
        ],
    )


@_table
def rates(rng: Random) -> Table:
    """Percentages and currencies."""
    return Table(
        "rates",
        ["month", "share", "change", "revenue", "cost"],
        [
            [
                f"{2024 + number // 12}-{number % 12 + 1:02}",
                f"{rng.randrange(1000) / 10:.1f}%",
                f"{rng.randrange(-200, 200) / 10:+.1f} %",
                f"€{rng.randrange(1, 90)}.{rng.randrange(100):02}",
                f"USD {_money(rng)}",
            ]
            for number in range(30)
        ],
    )


@_table
def members(rng: Random) -> Table:
    """Ids with leading zeros; two columns, five rows."""
    return Table(
        "members",
        ["member_id", "joined"],
        [[f"{rng.randrange(90_000):07}", _day(rng).isoformat()] for _ in range(5)],
    )


@_table
def screens(rng: Random) -> Table:
    """Inches behind numbers, and no cell that has a delimiter."""
    return Table(
        "screens",
        ["model", "diagonal", "price", "rating"],
        [
            [
                f"{rng.choice(['LX', 'VT'])}{rng.randrange(100, 999)}",
                f'{rng.choice([24, 27, 32])}"',
                _money(rng),
                rng.choice(["good", "fair", "very good"]),
            ]
            for _ in range(16)
        ],
    )


@_table
def population(rng: Random) -> Table:
    """Years as names of columns."""
    regions = ["North", "North-West", "Coast", "Highlands", "Islands", "Capital", "South"]
    return Table(
        "population",
        ["region", *(str(year) for year in range(2015, 2025))],
        [[name, *(str(rng.randrange(20_000, 900_000)) for _ in range(10))] for name in regions],
    )


@_table
def articles(rng: Random) -> Table:
    """Texts with typographic quotes, dashes and the euro sign, as a word processor puts them."""
    titles = [
        "“Quiet” engines – a test",
        "What’s next?",
        "The €5 lunch…",
        "Rôles, naïveté and ‘taste’",
        "Plain title",
        "Ten years — a look back",
    ]
    return Table(
        "articles",
        ["article", "title", "author", "price", "words"],
        [
            [
                f"A-{number:03}",
                rng.choice(titles),
                rng.choice(["M. Østby", "Renée Dubois", "J. O’Neill"]),
                f"{rng.randrange(1, 30)}.{rng.randrange(100):02} €",
                str(rng.randrange(300, 9000)),
            ]
            for number in range(40)
        ],
    )
