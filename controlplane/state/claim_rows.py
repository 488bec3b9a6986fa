"""Claims of due times: the one place that decides which scheduler runs what.

Guarantee: a due time is claimed at most once, because it is part of the primary key; a claim and
its pending job are one transaction, so that no claim is without the job that answers for it; and
claims of one process only move forward in time, also with schedulers whose clocks differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text

from controlplane.state import tables
from controlplane.state.job_rows import JobRows
from controlplane.state.records import Claim, Job, JobStatus, Owner
from controlplane.state.rows import job_of

_jobs = tables.jobs
_claims = tables.schedule_claims


class _TakenError(Exception):
    """Another scheduler has the due time."""


class ClaimRows(JobRows):
    """Claims of the processes of one project."""

    def last_claims(self) -> dict[str, Claim]:
        """The last claim of each process, with its job."""
        last = (
            select(_claims.c.process, func.max(_claims.c.due_at).label("due_at"))
            .where(_claims.c.project == self._project)
            .group_by(_claims.c.process)
            .subquery()
        )
        query = (
            select(
                _claims,
                *(column.label(f"job_{column.name}") for column in _jobs.c if column.name != "id"),
            )
            .join(last, (_claims.c.process == last.c.process) & (_claims.c.due_at == last.c.due_at))
            .outerjoin(_jobs, _claims.c.job_id == _jobs.c.id)
            .where(_claims.c.project == self._project)
        )
        with self._database.read() as connection:
            return {
                row["process"]: Claim(
                    process=row["process"],
                    due_at=row["due_at"],
                    claimed_at=row["claimed_at"],
                    claimed_by=row["claimed_by"],
                    job=None if row["job_id"] is None else job_of(row, "job_"),
                )
                for row in connection.execute(query).mappings()
            }

    def claim_due(
        self,
        process: str,
        due_at: datetime,
        *,
        after: datetime,
        type: str,  # noqa: A002
        params: Mapping[str, Any],
        owner: Owner,
        now: datetime,
    ) -> Job | None:
        """The pending job for a due time; None when another scheduler took one later than `after`.

        `after` is the last claim that the caller saw: whoever decides by an older one is too late.
        """
        try:
            with self._database.write() as connection:
                self._lock_process(connection, process)
                if self._last_due(connection, process) != after or due_at <= after:
                    return None
                job = self._add_job(
                    connection,
                    type_=type,
                    name=process,
                    params=params,
                    status=JobStatus.PENDING,
                    owner=owner,
                    now=now,
                    scheduled_for=due_at,
                )
                if not self._add_claim(
                    connection,
                    process=process,
                    due_at=due_at,
                    job_id=job.id,
                    owner=owner,
                    now=now,
                ):
                    raise _TakenError  # so that the job goes too
                return job
        except _TakenError:
            return None

    def begin_schedule(self, process: str, *, owner: Owner, now: datetime) -> None:
        """Mark `now` as the time from which due times count, unless the process has a claim."""
        with self._database.write() as connection:
            self._lock_process(connection, process)
            if self._last_due(connection, process) is None:
                self._add_claim(
                    connection, process=process, due_at=now, job_id=None, owner=owner, now=now
                )

    def _last_due(self, connection: Connection, process: str) -> datetime | None:
        last: datetime | None = connection.execute(
            select(func.max(_claims.c.due_at)).where(
                _claims.c.project == self._project, _claims.c.process == process
            )
        ).scalar()
        return last

    def _lock_process(self, connection: Connection, process: str) -> None:
        """Let one scheduler at a time decide about a process; SQLite has one writer anyway."""
        if not self._database.is_sqlite:
            name = f"databank schedule {self._project} {process}"
            connection.execute(
                text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
            )

    def _add_claim(
        self,
        connection: Connection,
        *,
        process: str,
        due_at: datetime,
        job_id: str | None,
        owner: Owner,
        now: datetime,
    ) -> bool:
        return self._insert_unless_there(
            connection,
            _claims,
            {
                "project": self._project,
                "process": process,
                "due_at": due_at,
                "job_id": job_id,
                "claimed_at": now,
                "claimed_by": f"{owner.host}:{owner.pid}",
            },
        )
