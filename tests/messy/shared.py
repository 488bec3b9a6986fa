"""Files of others that are hard to read, beside the project, as cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.messy.case import Case, Intent

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "messy"


def shared_cases(folder: Path = FOLDER) -> Iterator[Case]:
    """The cases that the folder's truth describes, in its order."""
    with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            truth = json.loads(line)
            yield shared_case(truth, (folder / truth["file"]).read_bytes())


def shared_case(truth: dict[str, Any], content: bytes) -> Case:
    """A line of the truth with its file.

    A NUL may be kept, be taken out, or put its record into rejects. Where lines end with CR, so does a
    line within a cell, which the truth has as a newline: both are right.
    """
    header = truth["header"] if truth.get("header_scored", True) else None
    first = Intent(header, truth["rows"], truth["bad_records"])
    readings = [first]
    if b"\0" in content and any("\0" in cell for row in first.rows for cell in row):
        marked = [row for row in first.rows if any("\0" in cell for cell in row)]
        others = [row for row in first.rows if row not in marked]
        readings += [
            replace(first, rows=_replaced(first.rows, "\0", "")),
            replace(first, rows=others, bad_records=[*first.bad_records, *marked]),
        ]
    if b"\r" in content and b"\n" not in content:
        readings += [replace(one, rows=_replaced(one.rows, "\n", "\r")) for one in readings]
    return Case(
        name=truth["id"],
        content=content,
        header=first.header,
        rows=first.rows,
        bad_records=first.bad_records,
        pollutions=tuple(truth["categories"]),
        trim_ok=truth["trim_ok"],
        note=truth.get("note", ""),
        accepts=tuple(readings[1:]),
    )


def _replaced(rows: list[list[str]], old: str, new: str) -> list[list[str]]:
    return [[cell.replace(old, new) for cell in row] for row in rows]
