"""How well files that nobody described are read: ours, DuckDB's detection and CleverCSV beside it.

Each line is the mean over all files: the score (10 at most) and its parts, the records that are wrong
or lost in all files together, and the seconds of all. CleverCSV is measured where it can be imported;
the project does not need it. Run it from the project's folder as `python -m benchmarks.bench_messy`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from tests.messy.case import Case, Loaded
from tests.messy.generate import cases
from tests.messy.readers import READERS, is_there, load
from tests.messy.score import Score, score
from tests.messy.shared import FOLDER, shared_cases

# So many of the worst, and so much of each, are shown.
WORST = 10
LINES, CHARACTERS = 6, 150


@dataclass(frozen=True)
class Result:
    """One file, what a reader made of it, and the score of that."""

    case: Case
    loaded: Loaded | None
    score: Score


COLUMNS: dict[str, Callable[[Sequence[Score]], float]] = {
    "score": lambda scores: fmean(one.total for one in scores),
    "success": lambda scores: fmean(one.success for one in scores),
    "header": lambda scores: fmean(one.header.f1 for one in scores),
    "records": lambda scores: fmean(one.records.f1 for one in scores),
    "cells": lambda scores: fmean(one.cells.f1 for one in scores),
    "perfect": lambda scores: fmean(flawless(one) for one in scores),
    "wrong": lambda scores: sum(one.wrong_in_silence for one in scores),
    "lost": lambda scores: sum(one.lost for one in scores),
}


def flawless(found: Score) -> bool:
    """Whether everything is right."""
    return found.total > 10 - 1e-9 and not found.wrong_in_silence and not found.lost


def measure(name: str, chosen: Sequence[Case]) -> list[Result]:
    """The results of one reader."""
    results = []
    with tempfile.TemporaryDirectory(prefix="databank-bench-") as folder:
        for case in chosen:
            loaded = load(READERS[name], case, Path(folder))
            results.append(Result(case, loaded, score(case, loaded)))
    return results


def by_pollution(results: Sequence[Result]) -> dict[str, float]:
    """The mean score of the files with a pollution, the lowest first."""
    scores: dict[str, list[float]] = {}
    for result in results:
        for name in result.case.pollutions or ("(none)",):
            scores.setdefault(name, []).append(result.score.total)
    return dict(sorted(((n, fmean(s)) for n, s in scores.items()), key=lambda item: item[1]))


def show(result: Result) -> None:
    """Print a file's beginning and end, what is meant, and what was read."""
    case, loaded, found = result.case, result.loaded, result.score
    print(f"\n{case.name}: {found.total:.2f}, {found.wrong_in_silence} wrong, {found.lost} lost")
    print(f"  {case.note or 'nothing is wrong with it'}")
    text = case.content.decode("utf-8", "backslashreplace")
    shown: list[tuple[str, object]] = [("file", text[: LINES * CHARACTERS])]
    shown += [("end", text[-CHARACTERS:]), ("meant", case.header)]
    if loaded is None:
        shown.append(("read", "refused"))
    else:
        shown.append(("read", loaded.header))
        meant = {tuple(row) for one in case.intents for row in (*one.rows, *one.bad_records)}
        read = {tuple(cell or "" for cell in row) for row in loaded.rows}
        shown += [("missing", row) for row in case.rows if tuple(row) not in read][:LINES]
        shown += [("not meant", list(row)) for row in sorted(read - meant)][: 2 * LINES]
        shown += [("reject", text) for text in loaded.rejected[:LINES]]
    shown += [("bad record", row) for row in case.bad_records[:LINES]]
    for label, value in shown:
        print(f"  {label:<11} {repr(value)[: LINES * CHARACTERS]}")


def main() -> int:
    """Measure the readers and print a table, or the worst files of one reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reader", action="append", choices=list(READERS), help="all by default")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="the files whose name has this text")
    parser.add_argument(
        "--shared", action="store_true", help="the files beside the project instead"
    )
    parser.add_argument(
        "--show", metavar="NAME", help="the files whose name has this text, or `worst`"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.shared and not FOLDER.is_dir():
        parser.error(f"there is no {FOLDER}")
    chosen = [
        case
        for case in (shared_cases() if given.shared else cases(given.seed))
        if given.only in case.name
    ]
    figures: dict[str, dict[str, float]] = {}
    if not given.json:
        print(f"{len(chosen)} files")
        print(f"{'':15}" + "".join(f"{name:>9}" for name in (*COLUMNS, "seconds")))
    for name in given.reader or list(READERS):
        started = time.perf_counter()
        results = measure(name, chosen) if is_there(name) else []
        if not results:
            print(f"{name:15} is not there", file=sys.stderr)
            continue
        scores = [result.score for result in results]
        line = {column: round(of(scores), 3) for column, of in COLUMNS.items()}
        line["seconds"] = round(time.perf_counter() - started, 1)
        figures[name] = line
        if not given.json:
            print(f"{name:15}" + "".join(f"{value:9g}" for value in line.values()), flush=True)
        if given.show:
            for pollution, mean in list(by_pollution(results).items())[: 2 * WORST]:
                print(f"  {mean:5.2f} {pollution}")
            ordered = sorted(results, key=lambda result: (result.score.total, result.case.name))
            wanted = [result for result in ordered if given.show in result.case.name]
            for result in ordered[:WORST] if given.show == "worst" else wanted:
                show(result)
    if given.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
