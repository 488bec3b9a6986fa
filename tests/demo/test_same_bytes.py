"""The same arguments give the same bytes; deliveries cut the facts into files and change no fact."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from controlplane.demo import Demo, Scope, make_demo
from controlplane.demo.streams import Stream

ROOT = Path(__file__).parents[2]
SMALL = Scope(scale=0.03, days=100)
# What this scope gave when the generator was written. It may change with the generator, and then
# only: not with numpy, Python, the processor or the operating system.
DIGEST = "a4565906405e7494ab296a184d3730f16ab50be7e31bdaab8b1cfb2579b593e0"


def digest(folder: Path) -> str:
    """One hash of all files with their names."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(path.relative_to(folder).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def lines_by_source(demo: Demo) -> dict[str, Counter[bytes]]:
    """Every line of each source, headers left out, with how often it is there."""
    found: dict[str, Counter[bytes]] = {}
    for one in demo.files:
        lines = (demo.folder / one.file).read_bytes().splitlines()
        if one.file.endswith(".csv"):
            lines = lines[1:]
        found.setdefault(one.source, Counter()).update(lines)
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A hundred days of a small company."""
    return make_demo(SMALL, tmp_path_factory.mktemp("small"))


def test_the_bytes_are_those_of_every_other_machine(small: Demo) -> None:
    assert digest(small.folder) == DIGEST


def test_neither_hash_seed_nor_time_zone_nor_language_matter(small: Demo, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "77",
        "TZ": "Pacific/Auckland",
        "LC_ALL": "C",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run(
        [sys.executable, "-m", "controlplane", "demo", "data", "--scale", "0.03", "--days", "100",
         "--out", str(tmp_path)],
        env=environment, check=True, capture_output=True, cwd=tmp_path,
    )  # fmt: skip
    assert digest(tmp_path) == digest(small.folder)


def test_another_seed_is_another_company(small: Demo, tmp_path: Path) -> None:
    other = make_demo(Scope(scale=0.03, days=100, seed=2), tmp_path)
    mine, theirs = lines_by_source(small), lines_by_source(other)
    assert mine.keys() == theirs.keys()
    assert all(mine[source] != theirs[source] for source in mine)


@pytest.mark.parametrize("deliveries", [1, 6, 100])
def test_the_deliveries_together_hold_the_same_facts(
    small: Demo, deliveries: int, tmp_path: Path
) -> None:
    cut = make_demo(Scope(scale=0.03, days=100, deliveries=deliveries), tmp_path)
    assert lines_by_source(cut) == lines_by_source(small)
    for name in ("churn", "sentiment", "customer_matches", "anomalies", "expected_sales"):
        file = f"truth/{name}.csv"
        assert (tmp_path / file).read_bytes() == (small.folder / file).read_bytes()


def test_one_delivery_has_nothing_late(tmp_path: Path) -> None:
    make_demo(Scope(scale=0.02, days=60, deliveries=1), tmp_path)
    late = (tmp_path / "truth/late_records.csv").read_text().splitlines()
    assert len(late) == 1


def test_files_are_named_by_the_first_date_of_their_delivery(small: Demo) -> None:
    months = {one.file.rpartition("_")[2][:10] for one in small.files if one.source == "pos"}
    assert months == {"2025-03-23", "2025-04-01", "2025-05-01", "2025-06-01"}
    parts = Scope(days=100, deliveries=3)
    assert [parts.date_of(day) for day in parts.cuts] == [
        date(2025, 3, 23), date(2025, 4, 25), date(2025, 5, 28),
    ]  # fmt: skip


def test_a_stream_depends_on_seed_and_name_alone() -> None:
    assert Stream(1, "sales").uniform(3).tolist() == Stream(1, "sales").uniform(3).tolist()
    assert Stream(1, "sales").uniform(3).tolist() != Stream(1, "stock").uniform(3).tolist()
    assert Stream(1, "sales").uniform(3).tolist() != Stream(2, "sales").uniform(3).tolist()
    # The raw words of the generator, which numpy keeps as they are.
    assert Stream(1, "sales").between(0, 10**6, 3).tolist() == [203_287, 223_061, 947_631]


def test_scale_and_days_decide_how_much_there_is() -> None:
    assert (Scope().transactions, Scope().customers, Scope().products) == (100_000, 8_000, 400)
    assert Scope().campaigns == 30
    larger = Scope(scale=10)
    assert (larger.transactions, larger.customers, larger.products) == (1_000_000, 50_477, 1_265)
    assert Scope(days=73).transactions == 20_000


def test_about_as_many_transactions_as_asked_for(small: Demo) -> None:
    sent = {source: records for source, _, records, _ in small.totals()}
    assert sent["pos"] + sent["web"] == pytest.approx(SMALL.transactions, rel=0.2)
