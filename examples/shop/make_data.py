"""The data of the example shop: half a year of an invented online shop, the same at every run.

Run `python examples/shop/make_data.py` to write the files anew. They have the faults that real
deliveries have, each of them once or a few times, so that the example shows what becomes of them:

    customers.csv            the whole customer list: repeated customers, e-mails with capitals and
                             blanks, without an e-mail or with one that is none, test accounts, a
                             date that no calendar has, a line with too many cells
    orders_2026_<month>.csv  the orders of a month, and those of the month before whose status has
                             changed since: unknown states, negative totals, a test channel
    order_items_2026_<month>.jsonl
                             the lines of the month's orders: discounts left out, a quantity of
                             nothing, a line cut off in the middle
    products_2026_<month>.csv
                             the price lists of January and of April: new, dropped and dearer
                             products, a category that is not always written the same

Every name, address and telephone number is invented; the numbers are those reserved for fiction.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

CUSTOMERS = 290
ORDERS_A_MONTH = 490
MONTHS = (1, 2, 3, 4, 5, 6)
YEAR = 2026

FIRST_NAMES = (
    "Ada Alma Anton Astrid Aylin Bruno Camille Carla Clara Daniel David Elif Elin Elsa Emil Emma "
    "Enzo Erik Eva Felix Finn Florence Grace Hanna Hugo Ida Ines Jack Jakob James Jean Jonas José "
    "Julia Karl Klara Lea Lena Leo Liam Lina Louis Lucía Luise Maja Marie Mateo Max Mia Nils Nina "
    "Noah Nora Olivia Oskar Paul Rosa Ruth Samuel Sofia Théo Tilda Tom Vera Zoë"
).split()
LAST_NAMES = (
    "Adams Andersson Bauer Becker Bennett Berg Bernard Björk Brandt Carter Cooper Dubois Durand "
    "Eriksson Evans Fischer Fontaine Garcia Girard Graham Hansson Hughes Jensen Keller Koch "
    "Lambert Lindqvist Löfgren Martin Mercier Meyer Moreau Morgan Müller Nilsson Parker Petit Reed "
    "Richter Rossi Roux Schmidt Schulz Scott Sjöberg Turner Vogel Wagner Walker Weber Winkler Wood "
    "Young"
).split()
MAIL_HOSTS = ("example.com", "example.org", "example.net")
PLACES: Mapping[str, Sequence[str]] = {
    "DE": ("Berlin", "Hamburg", "Köln", "Leipzig", "München"),
    "FR": ("Lille", "Lyon", "Nantes", "Paris"),
    "GB": ("Bristol", "Edinburgh", "Leeds", "London"),
    "SE": ("Göteborg", "Malmö", "Stockholm"),
    "US": ("Austin", "Boston", "Chicago", "Portland", "Washington, DC"),
}
PHONES: Mapping[str, str] = {
    "DE": "+49 (30) 23125-1{:02d}",
    "FR": "+33 1 99 00 01 {:02d}",
    "GB": "+44 20 7946 01{:02d}",
    "SE": "+46 8 465 004 {:02d}",
    "US": "+1 (202) 555-01{:02d}",
}
# category: lowest and highest price in dollars, and what it holds
PRODUCTS: Mapping[str, tuple[int, int, str]] = {
    "books": (9, 45, "Atlas|Cookbook|Dictionary|Field Guide|Graphic Novel|Novel|Photo Book|Poems"),
    "garden": (
        4,
        120,
        "Bird Feeder|Gloves|Hose|Planter|Pruner|Seed Box|Spade|Watering Can|Wheelbarrow",
    ),
    "kitchen": (
        7,
        180,
        "Baking Tin|Bread Knife|Carafe|Casserole|Cutting Board|Espresso Pot|Grater|Kettle|Scales"
        "|Skillet|Tea Set|Whisk",
    ),
    "music": (
        12,
        320,
        "Capo|Drumsticks|Harmonica|Headphones|Kalimba|Metronome|Music Stand|Tuner|Ukulele",
    ),
    "office": (
        2,
        260,
        "Desk Lamp|Fountain Pen|Ink|Letter Tray|Notebook|Paper Knife|Pencil Set|Ruler|Stapler"
        "|Swivel Chair",
    ),
    "toys": (
        5,
        90,
        "Blocks|Building Set|Dice|Doll House|Jigsaw|Kite|Marbles|Plush Bear|Train|Yo-Yo",
    ),
}


@dataclass(frozen=True)
class Product:
    """A line of a price list."""

    product_id: str
    name: str
    category: str
    price: Decimal
    is_active: bool = True


@dataclass(frozen=True)
class Order:
    """An order as one delivery tells it."""

    order_id: int
    customer_id: int
    status: str
    channel: str
    placed_at: datetime
    shipping: Decimal
    total: Decimal


@dataclass(frozen=True)
class Item:
    """A line of an order."""

    order_item_id: int
    order_id: int
    product_id: str
    quantity: int
    unit_price: Decimal
    discount: Decimal | None

    @property
    def total(self) -> Decimal:
        """What the line costs after its discount."""
        return _money(self.quantity * self.unit_price * (1 - (self.discount or 0)))


def files() -> dict[str, str]:
    """The text of every file of the example, by name."""
    chance = random.Random(20260101)
    january = _products(chance)
    april = _new_price_list(chance, january)
    customers, active = _customers(chance)
    orders: dict[int, list[Order]] = {month: [] for month in MONTHS}
    items: dict[int, list[Item]] = {month: [] for month in MONTHS}
    order_id, item_id = 100_000, 0
    for month in MONTHS:
        on_sale = [product for product in (april if month >= 4 else january) if product.is_active]
        for placed_at in sorted(_moment(chance, month) for _ in range(ORDERS_A_MONTH)):
            order_id += 1
            lines = _items(chance, order_id, item_id, on_sale)
            item_id += len(lines)
            items[month] += lines
            order = _order(chance, order_id, chance.choice(active), placed_at, lines)
            for told_in, told in _told(chance, order):
                orders[told_in].append(told)
    texts = {
        "customers.csv": customers,
        "products_2026_01.csv": _price_list(january),
        "products_2026_04.csv": _price_list(april),
    }
    for month in MONTHS:
        texts[f"orders_{YEAR}_{month:02d}.csv"] = _order_lines(month, orders[month])
        texts[f"order_items_{YEAR}_{month:02d}.jsonl"] = _item_lines(month, items[month])
    return dict(sorted(texts.items()))


# --- products ----------------------------------------------------------------------------------


def _products(chance: random.Random) -> list[Product]:
    listed: list[Product] = []
    for category, (lowest, highest, names) in PRODUCTS.items():
        for name in names.split("|"):
            price = Decimal(chance.randrange(lowest * 20, highest * 20)) / 20
            listed.append(Product(f"P-{len(listed) + 1:03d}", name, category, _money(price)))
    return listed


def _new_price_list(chance: random.Random, products: Sequence[Product]) -> list[Product]:
    """The next list: every fourth product dearer, three dropped, two new."""
    changed = []
    for number, product in enumerate(products, start=1):
        if number in (11, 29, 47):
            changed.append(replace(product, is_active=False))
        elif number % 4 == 0:
            factor = Decimal(chance.randrange(103, 112)) / 100
            changed.append(replace(product, price=_money(product.price * factor)))
        else:
            changed.append(product)
    number = len(products)
    changed.append(Product(f"P-{number + 1:03d}", "Salad Spinner", "kitchen", Decimal("24.50")))
    changed.append(Product(f"P-{number + 2:03d}", "Ocarina", "music", Decimal("31.90")))
    return changed


def _price_list(products: Iterable[Product]) -> str:
    rows = []
    for number, product in enumerate(products, start=1):
        # Typed by hand: capitals and blanks come and go, and mean nothing.
        category = product.category.title() if number % 9 == 0 else product.category
        category = f" {category}" if number % 13 == 0 else category
        active = "yes" if product.is_active else "no"
        rows.append((product.product_id, product.name, category, f"{product.price}", active))
    return _csv(("product_id", "name", "category", "price_usd", "is_active"), rows)


# --- customers ---------------------------------------------------------------------------------


def _customers(chance: random.Random) -> tuple[str, list[int]]:
    """The customer list, and the customers who order."""
    rows: list[list[str]] = []
    for number in range(1, CUSTOMERS + 1):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        country = chance.choice(sorted(PLACES))
        signed_up = date(2024, 1, 1) + timedelta(days=chance.randrange(720))
        updated = datetime(2026, 6, 30, 23, 0, tzinfo=UTC) - timedelta(
            minutes=chance.randrange(60 * 24 * 170)
        )
        rows.append(
            [
                str(1000 + number),
                f"{first} {last}",
                f"{_plain(first)}.{_plain(last)}{number}@{chance.choice(MAIL_HOSTS)}",
                PHONES[country].format(number % 100),
                country,
                chance.choice(PLACES[country]),
                "business" if chance.random() < 0.2 else "consumer",
                signed_up.isoformat(),
                f"{updated:%Y-%m-%d %H:%M:%S}",
            ]
        )
    _spoil_customers(rows)
    test_accounts = {int(row[0]) for row in rows if row[2].endswith("@test.example")}
    active = [int(row[0]) for row in rows if int(row[0]) not in test_accounts]
    rows += _repeated_customers(rows)
    header = (
        "customer_id", "name", "email", "phone", "country", "city", "segment", "signed_up_on",
        "updated_at",
    )  # fmt: skip
    lines = _csv(header, rows).splitlines(keepends=True)
    # Two more cells than the header has: nobody can tell which belong where.
    lines.insert(152, "1999,Lost Comma,lost,comma@example.com,,GB,London,consumer,2025-03-01,"
                      "2026-02-11 09:00:00,\n")  # fmt: skip
    return "".join(lines), active


def _spoil_customers(rows: list[list[str]]) -> None:
    for number in (14, 92, 171, 244):
        rows[number][2] = rows[number][2].upper()
    for number in (33, 120):
        rows[number][2] = f" {rows[number][2]} "
    rows[57][2] = rows[57][2].replace("@", "(at)")
    rows[101][2] = "n/a"
    rows[188][2] = rows[188][2].split("@")[0]
    rows[230][2] = ""
    rows[266][2] = ""
    for number in (41, 139, 202):
        rows[number][3] = ""
    for number in (77, 210):
        rows[number][1], rows[number][2] = "Test Account", f"check{number}@test.example"
    rows[155][7] = "2025-02-30"


def _repeated_customers(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Customers who moved and are listed again, and some who signed up a second time."""
    again = []
    for number in (5, 48, 99, 160, 215, 280):
        moved = list(rows[number])
        moved[5] = next(city for city in PLACES[moved[4]] if city != moved[5])
        moved[8] = "2026-07-01 08:00:00"
        again.append(moved)
    for count, number in enumerate((22, 66, 143, 251), start=1):
        second = list(rows[number])
        second[0] = str(1000 + CUSTOMERS + count)
        second[2] = second[2].title()
        second[7] = "2026-06-02"
        second[8] = "2026-07-01 08:00:00"
        again.append(second)
    return again


# --- orders ------------------------------------------------------------------------------------


def _items(
    chance: random.Random, order_id: int, last_item: int, on_sale: Sequence[Product]
) -> list[Item]:
    lines = []
    count = chance.choices((1, 2, 3, 4), weights=(45, 30, 15, 10))[0]
    for item_id in range(last_item + 1, last_item + count + 1):
        product = chance.choice(on_sale)
        quantity = chance.choices((1, 2, 3, 5, 10), weights=(70, 18, 7, 4, 1))[0]
        discount = chance.choices(
            (None, Decimal("0.05"), Decimal("0.1"), Decimal("0.25")), weights=(80, 10, 8, 2)
        )[0]
        lines.append(Item(item_id, order_id, product.product_id, quantity, product.price, discount))
    return lines


def _order(
    chance: random.Random,
    order_id: int,
    customer_id: int,
    placed_at: datetime,
    lines: Sequence[Item],
) -> Order:
    goods = sum((line.total for line in lines), Decimal(0))
    shipping = Decimal("0.00") if goods >= 50 else Decimal("4.90")
    status = chance.choices(("delivered", "returned", "cancelled"), weights=(88, 7, 5))[0]
    channel = chance.choices(("web", "app", "phone"), weights=(62, 33, 5))[0]
    return Order(order_id, customer_id, status, channel, placed_at, shipping, goods + shipping)


def _told(chance: random.Random, order: Order) -> list[tuple[int, Order]]:
    """The months whose file has the order, with what that file says of it.

    An order of a month's last days is still open when the month's file is written; the file of the
    next month tells how it ended.
    """
    month = order.placed_at.month
    next_month = date(YEAR, month + 1, 1)
    if (next_month - order.placed_at.date()).days > 3 or order.status == "cancelled":
        return [(month, order)]
    still_open = replace(order, status=chance.choice(("paid", "shipped")))
    if month == MONTHS[-1]:
        return [(month, still_open)]
    return [(month, still_open), (month + 1, order)]


def _order_lines(month: int, orders: Iterable[Order]) -> str:
    rows = [
        [
            str(order.order_id),
            str(order.customer_id),
            order.status,
            order.channel,
            f"{order.placed_at:%Y-%m-%dT%H:%M:%SZ}",
            f"{order.shipping}",
            f"{order.total}",
        ]
        for order in sorted(orders, key=lambda order: order.order_id)
    ]
    own = [row for row in rows if row[4].startswith(f"{YEAR}-{month:02d}")]
    own[17][3] = "test"
    own[203][3] = "test"
    if month == 2:
        own[66][2] = "refnd"
        own[310][6] = f"-{own[310][6]}"
    if month == 3:
        own[150][1] = ""
    if month == 5:
        own[88][2] = "lost?"
        own[240][4] = "2026-05-32T10:00:00Z"
    header = (
        "order_id", "customer_id", "status", "channel", "placed_at", "shipping_usd", "total_usd",
    )  # fmt: skip
    return _csv(header, rows)


def _item_lines(month: int, items: Iterable[Item]) -> str:
    lines = []
    for item in items:
        discount = "" if item.discount is None else f', "discount_ratio": {item.discount}'
        lines.append(
            f'{{"order_item_id": {item.order_item_id}, "order_id": {item.order_id},'
            f' "product_id": "{item.product_id}", "quantity": {item.quantity},'
            f' "unit_price_usd": {item.unit_price}{discount}}}\n'
        )
    # Sent by mistake, for orders that are complete without them.
    if month == 1:
        lines.insert(
            700,
            '{"order_item_id": 900001, "order_id": 100350, "product_id": "P-007", "quantity": 0,'
            ' "unit_price_usd": 4.50}\n',
        )
    if month == 3:
        lines.insert(400, '{"order_item_id": 900002, "order_id": 101200, "product_id": "P-0\n')
    return "".join(lines)


def _moment(chance: random.Random, month: int) -> datetime:
    start = datetime(YEAR, month, 1, tzinfo=UTC)
    days = (date(YEAR, month + 1, 1) - start.date()).days
    return start + timedelta(seconds=chance.randrange(days * 86_400))


# --- text --------------------------------------------------------------------------------------


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("äöüéëí", "aoueei"))


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, *rows]
    return "".join(",".join(_cell(value) for value in line) + "\n" for line in lines)


def _cell(value: str) -> str:
    return f'"{value}"' if "," in value else value


def main() -> None:
    """Write the files beside this script, or into the folder that the command line names."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
