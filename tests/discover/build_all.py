"""Makes a project of each open database, and builds it with plain dbt.

    python -m tests.discover.build_all [names] [--target postgres] [--found] [--keep FOLDER]

What is known of the databases comes from what they declare; with `--found`, from discovery. This is
no test of the suite: it takes minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import running_server
from tests.discover.from_truth import findings_of

DATA = Path(__file__).parents[3] / "shared" / "data"


def main() -> int:
    """Build the databases that are named, or all; 1 if any of them fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.discover.build_all")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--target", choices=["duckdb", "postgres"], default="duckdb")
    parser.add_argument("--found", action="store_true")
    parser.add_argument("--keep", type=Path)
    said = parser.parse_args()
    names = said.names or sorted(path.parent.name for path in DATA.glob("*/truth.json"))
    line = "{:20} {:>7} {:>6} {:>5} {:>8} {:>8}  {}"
    print(line.format("database", "models", "tests", "warn", "init s", "build s", "failures"))
    failed = 0
    with contextlib.ExitStack() as stack:
        work = said.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in names:
            with _environment(said.target, name) as environment:
                row = _build(DATA / name, work / name, said.target, environment, said.found)
            failed += bool(row[-1])
            print(line.format(name, *row[:-1], ", ".join(row[-1]) or "none"), flush=True)
    return 1 if failed else 0


@contextlib.contextmanager
def _environment(target: str, name: str) -> Iterator[dict[str, str]]:
    """The environment that reaches the target: a server of its own for PostgreSQL."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DATABANK_")}
    if target == "duckdb":
        yield environment
        return
    with running_server() as server:
        server.execute(f'create database "{name}"')
        yield environment | {
            "DATABANK_POSTGRES_HOST": server.host,
            "DATABANK_POSTGRES_PORT": str(server.port),
            "DATABANK_POSTGRES_USER": server.user,
            "DATABANK_POSTGRES_PASSWORD": server.password,
            "DATABANK_POSTGRES_DATABASE": name,
        }


def _build(
    source: Path, place: Path, target: str, environment: dict[str, str], found: bool
) -> tuple[Any, ...]:
    """Models, tests, warnings, seconds of init and of the build, and the names of what failed."""
    shutil.rmtree(place, ignore_errors=True)
    started = time.monotonic()
    with _as_environment(environment):
        from controlplane.cli.init import make_project

        try:
            with Path(os.devnull).open("w") as nothing, contextlib.redirect_stderr(nothing):
                make_project(
                    place,
                    str(source),
                    target,
                    look=None if found else lambda _: findings_of(source),
                )
        except Exception as error:
            return 0, 0, 0, round(time.monotonic() - started, 1), 0, [f"init: {error}"]
    made = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "build", "--profiles-dir", ".", "--quiet"],
        cwd=place,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    ended = time.monotonic()
    try:
        results = json.loads((place / "target" / "run_results.json").read_text())["results"]
    except FileNotFoundError:
        return 0, 0, 0, round(made - started, 1), 0, [done.stdout[-500:]]
    tests = [each for each in results if each["unique_id"].startswith("test.")]
    models = [each for each in results if each["unique_id"].startswith("model.")]
    bad = [
        f"{each['unique_id'].split('.')[2]} ({(each['message'] or '').splitlines()[:2]})"
        for each in results
        if each["status"] in ("error", "fail")
    ]
    bad += ["dbt build"] if done.returncode and not bad else []
    warned = sum(each["status"] == "warn" for each in tests)
    seconds = (round(made - started, 1), round(ended - made, 1))
    return len(models), len(tests), warned, *seconds, bad


@contextlib.contextmanager
def _as_environment(environment: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    sys.exit(main())
