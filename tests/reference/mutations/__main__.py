"""Tries every mutation and writes the page: `python -m tests.reference.mutations --write PAGE`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.reference.mutations.everything import try_everything
from tests.reference.mutations.project import build


def main() -> int:
    """Write the page if everything is noticed; else say what is not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.reference.mutations", description=__doc__
    )
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page to this file")
    page = parser.parse_args().write
    with tempfile.TemporaryDirectory(prefix="databank-mutations-") as folder:
        root = Path(folder) / "project"
        root.mkdir()
        report = try_everything(build(root), Path(folder) / "post")
    for missed in report.missed:
        print(missed, file=sys.stderr)
    for label in report.cannot_fail:
        print(f"no mutation makes the data test `{label}` fail: add one", file=sys.stderr)
    if report.missed or report.cannot_fail:
        return 1
    if page:
        page.write_text(report.page, encoding="utf-8")
    else:
        print(report.page)
    return 0


sys.exit(main())
