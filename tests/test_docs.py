"""What the documentation shows has been run: each `sh` block of the README, in order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The reference and the shop, which other tests build, are left out: the page makes what it shows.
COPIED = ("dbt_project.yml", "profiles.yml", "macros", "tests/data_tests/generic")


def blocks(path: Path) -> list[str]:
    """The shell blocks of a page, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S)


def test_the_readme_does_what_it_says(tmp_path: Path) -> None:
    for name in COPIED:
        source, copy = ROOT / name, tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copy(source, copy)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    found = blocks(ROOT / "README.md")
    assert len(found) >= 4
    script = "\n".join(["set -eu", *found])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for row in (r"silver\s*\|\s*2 ", r"duplicate\s*\|\s*1 ", r"quarantine\s*\|\s*3 "):
        assert re.search(row, done.stdout), row
    assert re.search(r"attic\s*\|\s*21\.5", done.stdout)
    assert re.search(r"cellar\s*\|\s*9\.5", done.stdout)


def test_the_readme_shows_just_two_commands_to_run_and_test() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "```\nmake run\nmake test\n```" in text


def test_every_page_that_is_linked_exists() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
