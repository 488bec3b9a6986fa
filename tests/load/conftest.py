"""Loads small sources into real warehouses, and looks at what is there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.load import LoadResult, load_process
from controlplane.specs.etl import EtlProcess

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass
class Loading:
    """Loads processes into one warehouse, with a clock that moves a minute a batch."""

    warehouse: Any
    _minutes: Any = field(default_factory=itertools.count)

    def process(self, **settings: Any) -> EtlProcess:
        """A process; `source_config` and the other blocks as in a spec."""
        # What is loaded by a key is not replaced as a whole.
        grows = "incremental_key" in settings.get("source_config", {})
        target = {"load_strategy": "append"} if grows else {}
        spec = {"name": "shop", "type": "full", "source_config": {}, "target_config": target}
        return EtlProcess.model_validate({**spec, **settings})

    def csv(self, path: str | list[str], **settings: Any) -> EtlProcess:
        """A process over CSV files; `format` and `columns` belong to the source."""
        source: dict[str, Any] = {"source_type": "csv", "path": path}
        for key in ("format", "columns", "source_type", "filters", "schema_drift"):
            if key in settings:
                source[key] = settings.pop(key)
        settings.setdefault("target_config", {"load_strategy": "append"})
        return self.process(source_config=source, **settings)

    def load(self, process: EtlProcess, **options: Any) -> LoadResult:
        """Load the process."""
        return load_process(
            process,
            self.warehouse.project,
            self.warehouse.target,
            **{"job_id": None, "now": self.now, **options},
        )

    def now(self) -> datetime:
        """A minute later than the last time."""
        return FIRST + timedelta(minutes=next(self._minutes))

    def rows(self, *columns: str, table: str = "shop") -> list[tuple[Any, ...]]:
        """Rows of a raw table in the order in which they came; default: all source columns."""
        names: Sequence[str] = columns or [
            name
            for name, _ in self.warehouse.target.columns("raw", table)
            if not name.startswith("_")
        ]
        found: list[tuple[Any, ...]] = self.warehouse.target.query(
            f"select {', '.join(names)} from raw.{table} order by _batch_id, _row_number"
        )
        return found

    def rejects(self, *columns: str) -> list[tuple[Any, ...]]:
        """Rejects in the order of the lines."""
        names = columns or ("line_number", "raw_text", "reason")
        found: list[tuple[Any, ...]] = self.warehouse.target.query(
            f"select {', '.join(names)} from raw._rejects order by batch_id, line_number"
        )
        return found

    def ledger(self, *columns: str) -> list[tuple[Any, ...]]:
        """Lines of the ledger in their order."""
        names = columns or ("batch_id", "source", "rows_read", "rows_loaded", "rows_rejected")
        found: list[tuple[Any, ...]] = self.warehouse.target.query(
            f"select {', '.join(names)} from raw._loads order by batch_id"
        )
        return found


@pytest.fixture
def loading(warehouse: Any) -> Loading:
    """Loads into a project on each kind of target."""
    return Loading(warehouse)


@pytest.fixture
def load_into() -> Callable[[Any], Loading]:
    """Makes a `Loading` for a warehouse that the test made."""
    return Loading
