"""Each of the reference's fifteen ingestion paths has a spec, and the page that lists them is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import ETL, scan

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "ingestion-paths.md"
# Path to the schedule that the reference gives it; a minute stands for "real-time".
PATHS = {
    "stream-001": "* * * * *",
    "batch-001": "0 2 * * *",
    "api-001": "0 */4 * * *",
    "cdc-001": "* * * * *",
    "social-001": "*/30 * * * *",
    "email-001": "daily",
    "product-001": "0 */2 * * *",
    "support-001": "* * * * *",
    "payment-001": "* * * * *",
    "inventory-001": "0 0 * * *",
    "attribution-001": "daily",
    "external-001": "daily",
    "competitive-001": "daily",
    "survey-001": "* * * * *",
    "iot-001": "* * * * *",
}


@pytest.fixture(scope="module")
def processes() -> dict[str, EtlProcess]:
    found = scan(ROOT, ETL)
    assert found.problems == []
    return {file.spec.slug: file.spec for file in found.files}


def test_every_path_has_a_spec_with_its_schedule(processes: dict[str, EtlProcess]) -> None:
    specs: dict[str, list[EtlProcess]] = {}
    for spec in processes.values():
        if named := re.search(r"[Ii]ngestion path ([a-z]+-\d{3})", spec.description):
            specs.setdefault(named[1], []).append(spec)
    assert sorted(specs) == sorted(PATHS)
    for path, expected in PATHS.items():
        for spec in specs[path]:
            assert spec.schedule is not None, path
            cron = str(spec.schedule.cron_expression)
            assert spec.schedule.timezone == "UTC"
            if expected == "daily":
                assert re.fullmatch(r"\d+ \d+ \* \* \*", cron), path
            else:
                assert cron == expected, path


def test_the_page_lists_the_paths_with_their_specs(processes: dict[str, EtlProcess]) -> None:
    path, listed = "", {}
    for row in re.findall(r"^\| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) != 6 or not cells[4].startswith("`"):
            continue
        path = cells[0].strip("`") or path
        listed[cells[4].strip("`")] = (path, cells[5])
    assert {path for path, _ in listed.values()} == set(PATHS)
    for slug, (path, today) in listed.items():
        spec = processes[slug]
        assert f"path {path}" in spec.description, slug
        assert (today == "planned") == (not spec.is_active), slug
        assert (today.split(",")[0] == "files") == spec.source_config.is_file, slug
    planned = {slug for slug, spec in processes.items() if not spec.is_active}
    assert planned <= set(listed)
