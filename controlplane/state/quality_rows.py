"""Reads and writes what validations found: one result a batch and set of rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from controlplane.state import tables
from controlplane.state.records import QualityResult, QualityViolation
from controlplane.state.rows import Rows

_results = tables.quality_results
_violations = tables.quality_violations
_OWN = ("id", "project", "target")
# SQLite takes 32,766 values in a statement.
_CHUNK = 500


class QualityRows(Rows):
    """Results of the validations of one project."""

    def save_quality(self, target: str, results: Iterable[QualityResult]) -> None:
        """Keep results, each in place of the one of the same batch by the same rules."""
        with self._database.write() as connection:
            for result in results:
                self._save(connection, target, result)

    def quality(
        self, target: str, subject: str | None = None, *, limit: int | None = None
    ) -> list[QualityResult]:
        """Results, the newest batch first; of one batch the last that was validated."""
        query = select(_results).where(
            _results.c.project == self._project, _results.c.target == target
        )
        if subject is not None:
            query = query.where(_results.c.subject == subject)
        order = (_results.c.batch_id.desc(), _results.c.validated_at.desc(), _results.c.id)
        with self._database.read() as connection:
            rows = list(connection.execute(query.order_by(*order).limit(limit)).mappings())
            broken = self._broken(connection, [row["id"] for row in rows])
        return [
            QualityResult(
                **{key: value for key, value in row.items() if key not in _OWN},
                violations=broken.get(row["id"], ()),
            )
            for row in rows
        ]

    def scored_batches(self, target: str) -> dict[str, dict[int, datetime | None]]:
        """By subject: which batches have a result of all their records, and when they were loaded."""
        query = select(_results.c.subject, _results.c.batch_id, _results.c.loaded_at).where(
            _results.c.project == self._project,
            _results.c.target == target,
            _results.c.sample_size.is_(None),
        )
        found: dict[str, dict[int, datetime | None]] = {}
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_results.c.validated_at)).mappings()
            for row in rows:
                found.setdefault(row["subject"], {})[row["batch_id"]] = row["loaded_at"]
        return found

    def _save(self, connection: Connection, target: str, result: QualityResult) -> None:
        values: dict[str, Any] = {
            key: value for key, value in vars(result).items() if key != "violations"
        }
        named = (self._project, target, result.subject, result.batch_id, result.rules)
        key = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]
        values |= {"id": key, "project": self._project, "target": target}
        # Whoever writes the same result at once waits here, and replaces it afterwards.
        if not self._insert_unless_there(connection, _results, values):
            connection.execute(update(_results).where(_results.c.id == key).values(**values))
            connection.execute(delete(_violations).where(_violations.c.result_id == key))
        rows = [
            {**vars(violation), "result_id": key, "position": position}
            for position, violation in enumerate(result.violations)
        ]
        if rows:
            connection.execute(insert(_violations), rows)

    def _broken(
        self, connection: Connection, ids: list[str]
    ) -> dict[str, tuple[QualityViolation, ...]]:
        found: dict[str, list[QualityViolation]] = {}
        for start in range(0, len(ids), _CHUNK):
            query = (
                select(_violations)
                .where(_violations.c.result_id.in_(ids[start : start + _CHUNK]))
                .order_by(_violations.c.result_id, _violations.c.position)
            )
            for row in connection.execute(query).mappings():
                values = {k: v for k, v in row.items() if k not in ("result_id", "position")}
                found.setdefault(row["result_id"], []).append(QualityViolation(**values))
        return {key: tuple(listed) for key, listed in found.items()}
