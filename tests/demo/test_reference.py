"""The reference page names every file, column and kind of fault that there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.demo.conftest import Company

PAGE = Path(__file__).parents[2] / "docs/reference/demo-data.md"


def keys(document: Any) -> Iterator[str]:
    """Every key of a JSON value, those of the values inside it too."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from keys(value)
    elif isinstance(document, list):
        for value in document:
            yield from keys(value)


def test_every_column_is_on_the_page(company: Company) -> None:
    named = set(re.findall(r"`([\w.@<>/-]+)`", PAGE.read_text(encoding="utf-8")))
    # Shown as `{…}`: the names are those of the media, and of what is aimed at.
    named |= {"return_on_ad_spend", "email", "search", "social", "display", "affiliate"}
    missing = set()
    for one in company.demo.files:
        name = re.sub(r"\d{4}-\d\d-\d\d", "<date>", one.file)
        lines = (company.folder / one.file).read_text(encoding="utf-8").split("\n")
        columns = (
            set(lines[0].split(","))
            if name.endswith(".csv")
            else {key for line in lines[:200] if line for key in keys(json.loads(line))}
        )
        missing |= {f"{name}: {column}" for column in {name, *columns} - named}
    for path in (company.folder / "truth").glob("*.csv"):
        columns = set(path.read_text(encoding="utf-8").split("\n", 1)[0].split(","))
        missing |= {f"{path.name}: {column}" for column in {path.name, *columns} - named}
    for name, column in (("invalid_values", "kind"), ("anomalies", "kind")):
        missing |= {row[column] for row in company.truth(name)} - named
    assert missing == set()
