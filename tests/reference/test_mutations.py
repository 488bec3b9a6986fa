"""Whatever is wrong with a source or with a table that was built, something notices it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.reference.mutations.copy import Copy
from tests.reference.mutations.everything import Report, try_everything
from tests.reference.mutations.project import Built, build

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "mutations.md"
COMMAND = "python -m tests.reference.mutations --write docs/reference/mutations.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def report(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return try_everything(built, tmp_path_factory.mktemp("post") / "warehouse")


def test_the_copy_builds_what_dbt_builds(built: Built) -> None:
    """Else what is shown on the copy would say nothing of the project."""
    with closing(Copy(built)) as copy:
        copy.rebuild(built.graph.sources.values())
        tables = [model for model in built.graph.models.values() if not model.is_view]
        assert len(tables) > 50
        for model in tables:
            assert copy.is_as_before(model.name), model.name


def test_every_mutation_is_noticed(report: Report) -> None:
    assert report.missed == []


def test_every_data_test_can_fail(report: Report) -> None:
    """A new one that nothing here makes fail needs a mutation: see `tests/reference/mutations`."""
    assert report.cannot_fail == []


def test_the_page_is_what_was_tried(report: Report) -> None:
    assert PAGE.read_text(encoding="utf-8") == report.page, f"write it anew: {COMMAND}"
