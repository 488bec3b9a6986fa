"""The eleven tables of a music shop, from CSV files to gold, on both kinds of target."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Records = list[dict[str, str]]
Table = dict[str, Any]

LONGEST_SONG = 1_200_000

TABLES: dict[str, Table] = {
    "Artist": {
        "description": "Who made the music.",
        "target_config": {"unique_key": ["ArtistId"]},
        "transform_config": {
            "data_quality": {
                "validation_rules": [
                    {"name": "name_length", "type": "length", "expression": "1..120"}
                ]
            }
        },
    },
    "Album": {
        "description": "The albums of the shop, each by one artist.",
        "target_config": {"unique_key": ["AlbumId"], "load_strategy": "upsert"},
        "transform_config": {
            "data_quality": {
                "cleaning_rules": [{"name": "title_trimmed", "type": "trim"}],
                "validation_rules": [{"name": "artist_id_present", "type": "not_null"}],
            },
            "joins": [
                {
                    "name": "chinook_albums_by_artist",
                    "type": "inner",
                    "left_table": "chinook_album",
                    "right_table": "chinook_artist",
                    "condition": "chinook_album.ArtistId = chinook_artist.ArtistId",
                    "description": "Every album with its artist.",
                }
            ],
        },
    },
    "Customer": {
        "description": "Who buys; a customer has one e-mail address.",
        "target_config": {"unique_key": ["CustomerId"], "load_strategy": "upsert"},
        "transform_config": {
            "transformations": [
                {
                    "name": "plain_phone",
                    "type": "transform",
                    "expression": "regexp_replace(Phone, '[^0-9+]', '', 'g')",
                }
            ],
            "data_quality": {
                "cleaning_rules": [
                    {"name": "email_lower_case", "type": "lowercase"},
                    {"name": "country_upper_case", "type": "uppercase"},
                    {"name": "state_given", "type": "default", "parameters": {"value": "-"}},
                    {
                        "name": "one_account_an_address",
                        "type": "deduplication",
                        "expression": "DISTINCT ON (Email) ORDER BY CustomerId",
                    },
                ],
                "validation_rules": [
                    {
                        "name": "email_format",
                        "type": "regex",
                        "expression": "^[^@ ]+@[^@ ]+\\.[a-z]+$",
                    },
                    {"name": "company_given", "type": "not_null", "severity": "warning"},
                ],
            },
            "aggregations": [
                {
                    "name": "chinook_customers_by_country",
                    "function": "count",
                    "group_by": ["Country"],
                    "having": "count > 1",
                    "description": "Countries with more than one customer.",
                }
            ],
        },
        "validation": {
            "pre_validation": [
                {"name": "customers_there", "type": "count", "expression": "COUNT(*) > 50"}
            ],
            "post_validation": [
                {"name": "customers_kept", "type": "count", "expression": "COUNT(*) = 59"}
            ],
            "data_profiling": True,
            "quality_metrics": ["completeness", "accuracy", "consistency"],
        },
    },
    "Employee": {
        "description": "Who works in the shop, since when and for whom.",
        "source_config": {"incremental_key": "HireDate"},
        "target_config": {"unique_key": ["EmployeeId"], "load_strategy": "scd2"},
        "transform_config": {
            "transformations": [
                {
                    "name": "day_of_birth",
                    "type": "transform",
                    "expression": "BirthDate",
                    "parameters": {"type": "date"},
                }
            ],
            "data_quality": {
                "validation_rules": [
                    {
                        "name": "reports_to_somebody_else",
                        "type": "expression",
                        "expression": "ReportsTo is distinct from EmployeeId",
                    }
                ]
            },
        },
    },
    "Genre": {"type": "load", "description": "Kinds of music.", "target_config": {}},
    "Invoice": {
        "description": "One row per sale; an invoice that is corrected comes again.",
        "source_config": {"incremental_key": "InvoiceDate"},
        "target_config": {"unique_key": ["InvoiceId"], "load_strategy": "upsert"},
        "transform_config": {
            "transformations": [
                {
                    "name": "month_of_invoice",
                    "type": "transform",
                    "expression": "cast(date_trunc('month', InvoiceDate) as date)",
                    "parameters": {"column": "invoice_month"},
                }
            ],
            "data_quality": {
                "validation_rules": [
                    {"name": "total_range", "type": "range", "expression": ">= 0.01"},
                    {"name": "invoice_id_unique", "type": "unique"},
                ]
            },
            "aggregations": [
                {
                    "name": "chinook_revenue_by_country",
                    "function": "sum",
                    "column": "Total",
                    "group_by": ["BillingCountry"],
                    "description": "What customers of a country paid, in US dollars.",
                },
                {
                    "name": "chinook_average_by_month",
                    "function": "avg",
                    "column": "Total",
                    "group_by": ["invoice_month"],
                    "description": "What an invoice of a month comes to, in US dollars.",
                },
                {
                    "name": "chinook_median_invoice",
                    "function": "median",
                    "column": "Total",
                    "description": "The invoice in the middle, in US dollars.",
                },
            ],
        },
    },
    "InvoiceLine": {
        "description": "One row per track sold.",
        "target_config": {"unique_key": ["InvoiceLineId"], "load_strategy": "append"},
        "transform_config": {
            "transformations": [
                {
                    "name": "line_total",
                    "type": "transform",
                    "expression": "UnitPrice * Quantity",
                    "parameters": {"column": "line_total", "type": "decimal(12,2)"},
                }
            ],
            "data_quality": {
                "validation_rules": [
                    {
                        "name": "unit_price_known",
                        "type": "accepted_values",
                        "expression": "0.99, 1.99",
                        "parameters": {"column": "UnitPrice"},
                    },
                    {"name": "quantity_range", "type": "range", "parameters": {"min": 1, "max": 9}},
                ]
            },
            "joins": [
                {
                    "name": "chinook_lines_with_tracks",
                    "type": "left",
                    "left_table": "chinook_invoice_line",
                    "right_table": "chinook_track",
                    "condition": "chinook_invoice_line.TrackId = chinook_track.TrackId",
                    "description": "Every line with its track; empty for a track in quarantine.",
                },
                {
                    "name": "chinook_lines_with_genres",
                    "type": "left",
                    "left_table": "chinook_lines_with_tracks",
                    "right_table": "chinook_genre",
                    "condition": "chinook_lines_with_tracks.genre_id = chinook_genre.GenreId",
                    "description": "Every line with its track and what kind of music it is.",
                },
            ],
        },
    },
    "MediaType": {"type": "load", "description": "How a track is stored.", "target_config": {}},
    "Playlist": {
        "description": "Lists of tracks; of lists with one name the first counts.",
        "target_config": {"unique_key": ["PlaylistId"]},
        "transform_config": {
            "data_quality": {
                "cleaning_rules": [
                    {
                        "name": "one_list_a_name",
                        "type": "deduplication",
                        "expression": "DISTINCT ON (Name) ORDER BY PlaylistId",
                    }
                ]
            }
        },
    },
    "PlaylistTrack": {
        "description": "Which track is in which list.",
        "target_config": {"unique_key": ["PlaylistId", "TrackId"], "load_strategy": "append"},
        "transform_config": {
            "aggregations": [
                {
                    "name": "chinook_tracks_by_playlist",
                    "function": "count_distinct",
                    "column": "TrackId",
                    "group_by": ["PlaylistId"],
                    "having": "count_distinct >= 100",
                    "description": "How many tracks the long lists have.",
                }
            ]
        },
    },
    "Track": {
        "description": "What is sold: songs, and episodes of series.",
        "source_config": {
            "columns": [
                {
                    "name": "Milliseconds",
                    "type": "bigint",
                    "description": "How long it takes to hear.",
                }
            ]
        },
        "target_config": {"unique_key": ["TrackId"]},
        "transform_config": {
            "transformations": [
                {
                    "name": "only_music",
                    "type": "filter",
                    "expression": "MediaTypeId <> :video",
                    "parameters": {"video": 3},
                    "description": "Episodes of series are reported elsewhere.",
                }
            ],
            "data_quality": {
                "validation_rules": [
                    {"name": "composer_given", "type": "not_null", "severity": "warning"},
                    {
                        "name": "at_most_twenty_minutes",
                        "type": "range",
                        "parameters": {"column": "Milliseconds", "min": 1, "max": LONGEST_SONG},
                        "description": "What takes longer is no song.",
                    },
                ]
            },
        },
        "error_handling": {"error_action": "quarantine", "error_threshold": 20},
    },
}
# The columns of numbers; all others are text or times.
NUMBERS = {
    "Album": "album_id artist_id",
    "Artist": "artist_id",
    "Customer": "customer_id support_rep_id",
    "Employee": "employee_id reports_to",
    "Genre": "genre_id",
    "Invoice": "customer_id invoice_id total",
    "InvoiceLine": "invoice_id invoice_line_id quantity track_id unit_price",
    "MediaType": "media_type_id",
    "Playlist": "playlist_id",
    "PlaylistTrack": "playlist_id track_id",
    "Track": "album_id bytes genre_id media_type_id milliseconds track_id unit_price",
}
SALES: Table = {
    "name": "Chinook sales",
    "type": "transform",
    "description": "Every line that was sold, with its genre.",
    "source_config": {"source_type": "model", "model": "chinook_lines_with_genres"},
    "transform_config": {
        "aggregations": [
            {
                "name": "chinook_revenue_by_genre",
                "function": "sum",
                "column": "line_total",
                "group_by": ["chinook_genre_name"],
                "description": "What was paid for a kind of music, in US dollars.",
            }
        ]
    },
    "target_config": {"unique_key": ["invoice_line_id"]},
}


def slug(table: str) -> str:
    return "chinook_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", table).lower()


def spec(table: str, folder: Path) -> Table:
    """The spec of a table: what it says, and where its file is."""
    content = TABLES[table]
    source = {"source_type": "csv", "path": str(folder / f"{table}.csv")}
    return {
        "type": "full",
        **content,
        "name": f"Chinook {table}",
        "source_config": {**source, **content.get("source_config", {})},
    }


def is_song(track: dict[str, str]) -> bool:
    return track["MediaTypeId"] != "3" and int(track["Milliseconds"]) <= LONGEST_SONG


def outcomes(files: dict[str, Records]) -> dict[str, dict[str, int]]:
    """Where the records of each table end, counted in the files."""
    found = {table: {"silver": len(records)} for table, records in files.items()}
    names = {playlist["Name"] for playlist in files["Playlist"]}
    found["Playlist"] = {"duplicate": len(files["Playlist"]) - len(names), "silver": len(names)}
    filtered = sum(track["MediaTypeId"] == "3" for track in files["Track"])
    silver = sum(map(is_song, files["Track"]))
    quarantine = len(files["Track"]) - filtered - silver
    found["Track"] = {"filtered": filtered, "quarantine": quarantine, "silver": silver}
    return found


def in_silver(table: str, records: Records) -> Records:
    if table == "Track":
        return [track for track in records if is_song(track)]
    if table == "Playlist":
        # Of several with one name the first stays, and a dictionary keeps the last.
        return list({playlist["Name"]: playlist for playlist in reversed(records)}.values())
    return records


def sums(records: Records, group: str, value: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for record in records:
        found[record[group]] = found.get(record[group], Decimal(0)) + Decimal(record[value])
    return found


def revenue_by_genre(files: dict[str, Records]) -> dict[str | None, Decimal]:
    genres = {genre["GenreId"]: genre["Name"] for genre in files["Genre"]}
    songs = {
        track["TrackId"]: genres[track["GenreId"]] for track in files["Track"] if is_song(track)
    }
    found: dict[str | None, Decimal] = {}
    for line in files["InvoiceLine"]:
        genre = songs.get(line["TrackId"])
        total = Decimal(line["UnitPrice"]) * int(line["Quantity"])
        found[genre] = found.get(genre, Decimal(0)) + total
    return found


@pytest.mark.long
def test_chinook_comes_out_alike_on_both_targets(
    both_targets: Any,
    open_data: Callable[[str], Path],
    read_csv: Callable[[Path], Iterator[dict[str, str]]],
) -> None:
    folder = open_data("chinook")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["tables"]
    assert set(TABLES) == set(truth)
    files = {table: list(read_csv(folder / f"{table}.csv")) for table in TABLES}
    for table in TABLES:
        both_targets.spec(slug(table), spec(table, folder))
    both_targets.spec("chinook_sales", SALES)
    both_targets.expect(0, "generate")
    both_targets.expect(0, "validate")

    both_targets.build(
        warnings={"not_null_chinook_customer_company", "not_null_chinook_track_composer"}
    )
    assert both_targets.assert_alike() > 60_000

    expected = outcomes(files)
    for table, records in files.items():
        name = slug(table)
        assert len(records) == truth[table]["rows"]
        assert both_targets.rows(f"select count(*) from raw.{name}") == [(len(records),)]
        assert both_targets.counts(f"silver.{name}_outcomes", "outcome") == expected[table]
        kept = expected[table]["silver"]
        assert both_targets.rows(f"select count(*) from silver.{name}") == [(kept,)]
        set_aside = expected[table].get("quarantine", 0)
        assert both_targets.rows(f"select count(*) from silver.{name}_quarantine") == [(set_aside,)]
        summed = both_targets.assert_sums(name, in_silver(table, records))
        assert summed == sorted(NUMBERS[table].split())

    def gold(name: str) -> dict[Any, Any]:
        return dict(both_targets.rows(f"select * from gold.chinook_{name} order by 1"))

    invoices, lines = files["Invoice"], files["InvoiceLine"]
    total = sum(Decimal(line["UnitPrice"]) * int(line["Quantity"]) for line in lines)
    sales = "select count(*), sum(line_total) from silver.chinook_sales"
    assert both_targets.rows(sales) == [(len(lines), total)]
    assert gold("revenue_by_country") == sums(invoices, "BillingCountry", "Total")
    assert gold("revenue_by_genre") == revenue_by_genre(files)
    countries = Counter(customer["Country"].upper() for customer in files["Customer"])
    assert gold("customers_by_country") == {
        country: count for country, count in countries.items() if count > 1
    }
    lists = Counter(int(entry["PlaylistId"]) for entry in files["PlaylistTrack"])
    assert gold("tracks_by_playlist") == {key: n for key, n in lists.items() if n >= 100}
    (median,) = both_targets.rows("select * from gold.chinook_median_invoice")
    assert median == (statistics.median(float(invoice["Total"]) for invoice in invoices),)
    months: dict[date, list[float]] = {}
    for invoice in invoices:
        month = date.fromisoformat(invoice["InvoiceDate"][:10]).replace(day=1)
        months.setdefault(month, []).append(float(invoice["Total"]))
    averages = gold("average_by_month")
    assert averages == pytest.approx(
        {month: statistics.mean(all_) for month, all_ in months.items()}
    )

    assert both_targets.rows(
        "select count(*) from silver.chinook_employee where valid_from = hire_date and is_current"
    ) == [(len(files["Employee"]),)]
    both_targets.assert_nothing_to_do()
    # One process of each load strategy; with all of them this would take a minute.
    kinds = ("customer", "employee", "invoice_line", "track", "lines_with_tracks")
    both_targets.lint("gold/*", *(f"*/*chinook_{kind}*" for kind in kinds))
