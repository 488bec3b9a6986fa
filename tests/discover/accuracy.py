"""How right discovery is on databases of which the truth is known: `python -m tests.discover.accuracy`.

Prints precision, recall and F1 of primary keys and foreign keys, with the names as given and with
names that say nothing; and for all databases, how many types of columns are right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from controlplane.discover.engine import find
from controlplane.discover.findings import Findings
from controlplane.discover.source import SourceTable, data_files, read_files, scratch
from controlplane.targets.base import quoted
from tests.discover import type_accuracy

DATA = Path(__file__).parents[2].parent / "shared" / "data"
# Half of the databases; what is tuned is tuned on these.
TUNED_ON = ("northwind", "sakila", "tpcds_tiny", "pubs", "nycflights13")

ForeignKeyId = tuple[str, frozenset[tuple[str, str]], str]


@dataclass(frozen=True)
class Score:
    """How many answers were right, given, and wanted."""

    right: int
    given: int
    wanted: int

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.given + other.given, self.wanted + other.wanted)

    @property
    def precision(self) -> float:
        """The share of the answers that are right."""
        return self.right / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        """The share of what is true that was answered."""
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __str__(self) -> str:
        return f"{self.precision:.3f} {self.recall:.3f} {self.f1:.3f}"


def databases() -> list[str]:
    """The databases that have their truth beside them."""
    return sorted(path.parent.name for path in DATA.glob("*/truth.json"))


def judge(
    findings: Findings, truth: dict[str, Any], *, verbose: bool = False
) -> tuple[Score, Score]:
    """The scores of primary keys and foreign keys."""
    keys, references = Score(0, 0, 0), Score(0, 0, 0)
    for table in findings.tables:
        true = truth["tables"][table.name]
        wanted = true["primary_key"]
        given = table.primary_key.columns if table.primary_key else ()
        if wanted is not None:
            right = bool(wanted) and set(given) == set(wanted)
            keys += Score(int(right), int(bool(given)), int(bool(wanted)))
            if verbose and set(given) != set(wanted):
                print(f"  key {table.name}: found {list(given)}, true {wanted}")
        found = {
            (table.name, frozenset(zip(k.columns, k.ref_columns, strict=True)), k.ref_table): k
            for k in table.foreign_keys
        }
        needed = _true_references(table.name, true["foreign_keys"])
        neutral = _true_references(table.name, true.get("neutral_foreign_keys", ()))
        answers = set(found) - neutral
        references += Score(len(answers & needed), len(answers), len(needed))
        if verbose:
            for each in sorted(answers - needed, key=str):
                print(f"  wrong {_said(each)} {found[each].confidence:.2f} {found[each].reason}")
            for each in sorted(needed - answers, key=str):
                print(f"  missed {_said(each)}")
    return keys, references


def _said(each: ForeignKeyId) -> str:
    pairs = ", ".join(f"{mine} -> {theirs}" for mine, theirs in sorted(each[1]))
    return f"{each[0]}: {pairs} of {each[2]}"


def _true_references(table: str, keys: Sequence[dict[str, Any]]) -> set[ForeignKeyId]:
    return {
        (table, frozenset(zip(k["columns"], k["ref_columns"], strict=True)), k["ref_table"])
        for k in keys
    }


def without_names(
    tables: Sequence[SourceTable], reader: Any, truth: dict[str, Any]
) -> tuple[list[SourceTable], dict[str, Any]]:
    """The tables under names that say nothing, and the truth under the same."""
    called = {table.name: f"t{number}" for number, table in enumerate(tables, 1)}
    columns = {
        table.name: {name: f"c{number}" for number, name in enumerate(table.columns, 1)}
        for table in tables
    }
    renamed = []
    for table in tables:
        mine = columns[table.name]
        chosen = ", ".join(f"{quoted(old)} as {quoted(new)}" for old, new in mine.items())
        relation = f"{table.relation}_plain"
        reader.execute(f"create view {relation} as select {chosen} from {table.relation}")
        renamed.append(
            replace(table, name=called[table.name], relation=relation, columns=tuple(mine.values()))
        )
    return renamed, {
        "tables": {
            called[name]: {
                "primary_key": _renamed(true["primary_key"], columns[name]),
                "foreign_keys": [
                    _reference(k, name, called, columns) for k in true["foreign_keys"]
                ],
                "neutral_foreign_keys": [
                    _reference(k, name, called, columns)
                    for k in true.get("neutral_foreign_keys", ())
                ],
            }
            for name, true in truth["tables"].items()
        }
    }


def _renamed(names: Sequence[str] | None, columns: dict[str, str]) -> list[str] | None:
    return None if names is None else [columns[name] for name in names]


def _reference(
    key: dict[str, Any], table: str, called: dict[str, str], columns: dict[str, dict[str, str]]
) -> dict[str, Any]:
    return {
        "columns": _renamed(key["columns"], columns[table]),
        "ref_table": called[key["ref_table"]],
        "ref_columns": _renamed(key["ref_columns"], columns[key["ref_table"]]),
    }


def scores(name: str, *, verbose: bool = False) -> dict[str, tuple[Score, Score]]:
    """The scores of a database, with names and without."""
    truth = json.loads((DATA / name / "truth.json").read_text(encoding="utf-8"))
    with scratch() as (reader, folder):
        files = [p for p in data_files([str(DATA / name)]) if p.name != "truth.json"]
        tables, _ = read_files(reader, files, folder)
        if verbose:
            print(f"{name}, with names")
        named = judge(find(reader, tables, only="keys"), truth, verbose=verbose)
        plain, plain_truth = without_names(tables, reader, truth)
        if verbose:
            print(f"{name}, without names")
        blind = judge(find(reader, plain, only="keys"), plain_truth, verbose=verbose)
    return {"names": named, "no names": blind}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", default=databases())
    parser.add_argument("--verbose", action="store_true", help="print every wrong answer")
    given = parser.parse_args()
    print(f"{'database':20} {'':9} {'primary keys':20}  foreign keys (precision recall F1)")
    sums: dict[str, list[tuple[Score, Score]]] = {}
    for name in given.databases:
        for way, (keys, references) in scores(name, verbose=given.verbose).items():
            print(f"{name:20} {way:9} {keys!s:20}  {references}", flush=True)
            sums.setdefault(way, []).append((keys, references))
    for way, each in sums.items():
        zero = Score(0, 0, 0)
        keys, references = sum((k for k, _ in each), zero), sum((r for _, r in each), zero)
        print(f"{'all':20} {way:9} {keys!s:20}  {references}")
        means = [sum(pair[i].f1 for pair in each) / len(each) for i in (0, 1)]
        print(f"{'mean of F1':20} {way:9} {means[0]:17.3f}     {means[1]:17.3f}")
    if len(given.databases) == len(databases()):
        print("\ntypes (share of columns that are right)")
        type_accuracy.main(type_accuracy.EVERYTHING, show=given.verbose)


if __name__ == "__main__":
    main()
