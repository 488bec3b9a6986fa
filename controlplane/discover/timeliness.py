"""Finds how old the newest rows of a table are, by the time at which its events happened."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from controlplane.discover.code_lists import word_set
from controlplane.discover.column_names import read_name
from controlplane.discover.findings import Column, Table
from controlplane.discover.quality_related import MOST_EXAMPLES, present, text_of
from controlplane.discover.quality_scores import Against, Example, Timeliness
from controlplane.targets.base import literal

# Times of what is planned, ends, or lies before the data: none says when the row came about.
_OTHER = word_set(
    "birth birthday birthdate dob born death due required deadline expires expiry expiration until end"
    " ends to thru through valid planned scheduled estimated expected target delivery departure"
)
_CALENDAR = word_set("calendar date dates day days time times dim d lookup")
_DAY = 86_400.0


def find_timeliness(
    reader: duckdb.DuckDBPyConnection, relation: str, table: Table, now: datetime
) -> Timeliness | None:
    """How old the newest time of a table's events is; None where it has no such times.

    The event's time is the first column of dates or times, one that differs between rows before one
    that does not; a calendar, by its name, has none.
    """
    column = _event_time(table)
    if column is None:
        return None
    moment = _moment(column)
    limit = literal(now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))
    row = reader.execute(
        f"select max(m) filter (where m <= {limit}::timestamp), min(m),"
        f" count(distinct cast(m as date)) filter (where m <= {limit}::timestamp),"
        f" count(*) filter (where m > {limit}::timestamp),"
        f" min(position, {MOST_EXAMPLES}) filter (where m > {limit}::timestamp)"
        f" from (select rowid as position, {moment} as m from {relation} where {present(column)})"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    newest, oldest, days, later, positions = row
    newest = newest.replace(tzinfo=UTC)
    age = (now - newest).total_seconds() / _DAY
    span = (newest - oldest.replace(tzinfo=UTC)).total_seconds() / _DAY
    interval = max(1.0, span / max(days - 1, 1)) if days > 1 else 1.0
    against: tuple[Against, ...] = ()
    if later:
        examples = tuple(Example(each + 1) for each in positions or ())
        against = (Against(f"{column.name} lies in the future", int(later), examples),)
    return Timeliness(
        score=1.0 if age <= interval else interval / age,
        column=column.name,
        newest=newest,
        age_days=age,
        interval_days=interval,
        against=against,
    )


def _event_time(table: Table) -> Column | None:
    if set(read_name(table.name).words) <= _CALENDAR:
        return None
    found = [
        column
        for column in table.columns
        if column.kind.type in ("date", "datetime")
        and (column.kind.format or column.kind.storage in ("date", "timestamp"))
        and not _OTHER & set(read_name(column.name).words)
        and 2 * column.nulls <= table.rows
    ]
    found.sort(key=lambda column: column.kind.semantic == "constant")
    return found[0] if found else None


def _moment(column: Column) -> str:
    text = text_of(column.name)
    if column.kind.storage != "text" or not column.kind.format:
        return f"cast(try_cast({text} as timestamptz) as timestamp)"
    return f"cast(try_strptime({text}, {literal(column.kind.format)}) as timestamp)"
