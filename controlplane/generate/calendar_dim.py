"""The model of the calendar: every day of every year in which a fact has a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controlplane.generate.dimension import imports
from controlplane.generate.star import UNKNOWN_DATE, UNKNOWN_TEXT, CalendarModel
from controlplane.generate.star_source import SourceTable
from controlplane.generate.text import INDENT, Cte, model, select

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Name, type, meaning, and the SQL that gives it of the parts of a day.
COLUMNS: Sequence[tuple[str, str, str, str]] = (
    (
        "date_key",
        "integer",
        "The day as a number such as 20240229; 0 for the unknown member.",
        "cast(year * 10000 + month * 100 + day_of_month as integer)",
    ),
    ("date", "date", "The day; null for the unknown member.", "date"),
    ("year", "integer", "The year.", "year"),
    ("quarter", "integer", "The quarter of the year, 1 to 4.", "quarter"),
    (
        "year_quarter",
        "text",
        "Year and quarter, such as 2024-Q1.",
        "cast(year as text) || '-Q' || cast(quarter as text)",
    ),
    ("month", "integer", "The month of the year, 1 to 12.", "month"),
    (
        "year_month",
        "text",
        "Year and month, such as 2024-02.",
        "cast(year as text) || '-' || lpad(cast(month as text), 2, '0')",
    ),
    ("month_name", "text", "The month's English name.", ""),
    ("iso_year", "integer", "The year of the week, by ISO 8601.", "iso_year"),
    ("iso_week", "integer", "The week of that year, by ISO 8601.", "iso_week"),
    (
        "iso_year_week",
        "text",
        "Year and week, such as 2024-W09.",
        "cast(iso_year as text) || '-W' || lpad(cast(iso_week as text), 2, '0')",
    ),
    ("day_of_month", "integer", "The day of the month, from 1.", "day_of_month"),
    ("day_of_year", "integer", "The day of the year, from 1.", "day_of_year"),
    ("weekday", "integer", "The day of the week: 1 is Monday, 7 Sunday.", "weekday"),
    ("weekday_name", "text", "The weekday's English name.", ""),
    ("is_weekend", "boolean", "Whether it is a Saturday or a Sunday.", "weekday >= 6"),
)
_PARTS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "iso_year": "isoyear",
    "iso_week": "week",
    "day_of_month": "day",
    "day_of_year": "doy",
    "weekday": "isodow",
}


def calendar(item: CalendarModel, tables: Mapping[str, SourceTable]) -> str:
    """The text of the calendar's model."""
    models = list(dict.fromkeys(name for name, _ in item.covers))
    covered: list[str] = []
    for index, (name, column) in enumerate(item.covers):
        step = tables[name].step
        kind = tables[name].column(column).type
        day = column if kind == "date" else f"cast({column} as date)"
        alias = day if day == "date" else f"{day} as date"
        covered += ["union all"] if index else []
        covered += [f"select {alias}", f"from {step}"]
    parts = [
        f"cast(extract({part} from date) as integer) as {name}" for name, part in _PARTS.items()
    ]
    return model(
        item.spec_path,
        [
            *imports(models, tables),
            Cte("dates", tuple(covered)),
            Cte(
                "years",
                (
                    "select distinct cast(date_trunc('year', date) as date) as first_day",
                    "from dates",
                    "where date is not null",
                ),
            ),
            Cte(
                "numbered",
                select(["first_day", "{{ each_number_to('365') }} as number"], "years"),
            ),
            Cte(
                "days",
                select(["first_day", "first_day + cast(number as integer) as date"], "numbered"),
            ),
            Cte(
                "parts",
                select(
                    ["date", *parts],
                    "days",
                    ["where extract(year from date) = extract(year from first_day)"],
                ),
            ),
            Cte("members", select([_member(name, text) for name, _, _, text in COLUMNS], "parts")),
            Cte(
                "unknown_member",
                select([_unknown(name, kind) for name, kind, _, _ in COLUMNS], "nothing")[:-1],
                "What facts point to that have no date.",
            ),
            Cte(
                "final",
                ("select * from members", "union all", "select * from unknown_member"),
            ),
        ],
    )


def _member(name: str, text: str) -> str:
    if name == "month_name":
        return _named("month", MONTHS, name)
    if name == "weekday_name":
        return _named("weekday", WEEKDAYS, name)
    return text if text == name else f"{text} as {name}"


def _named(number: str, words: Sequence[str], name: str) -> str:
    lines = [f"{INDENT}when {index} then '{word}'" for index, word in enumerate(words, start=1)]
    inner = "\n".join(f"{INDENT}{line}" for line in lines)
    return f"cast(\n{INDENT}case {number}\n{inner}\n{INDENT}end as text\n) as {name}"


def _unknown(name: str, kind: str) -> str:
    if name == "date_key":
        return f"{UNKNOWN_DATE} as date_key"
    value = f"'{UNKNOWN_TEXT}'" if kind == "text" else "null"
    return f"cast({value} as {kind}) as {name}"
