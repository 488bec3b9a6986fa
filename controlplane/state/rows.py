"""What every kind of row needs, and reading jobs and attempts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select, text

from controlplane.state import tables
from controlplane.state.engine import Database
from controlplane.state.records import Attempt, Job, JobStatus

_jobs = tables.jobs
_attempts = tables.attempts
_UNFINISHED = (JobStatus.PENDING, JobStatus.RUNNING)
_JOB_FIELDS = tuple(field.name for field in fields(Job) if field.name != "status")


class Rows:
    """The database, the project whose rows are meant, and what every kind of row needs."""

    def __init__(self, database: Database, project: str) -> None:
        self._database = database
        self._project = project

    def now(self, connection: Connection) -> datetime:
        """The time that all who share the store agree on; machines' clocks differ."""
        if self._database.is_sqlite:
            return datetime.now(UTC)
        answer: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
        return answer.astimezone(UTC)

    def _insert_unless_there(
        self, connection: Connection, table: Table, values: Mapping[str, Any]
    ) -> bool:
        """Whether the row is new; one with its primary key that is there already is left alone."""
        statement: Any
        if self._database.is_sqlite:
            from sqlalchemy.dialects.sqlite import insert as sqlite_insert

            statement = sqlite_insert(table).values(**values).on_conflict_do_nothing()
        else:
            # A tenth of all that a command on a SQLite store imports.
            from sqlalchemy.dialects.postgresql import insert as postgres_insert

            statement = postgres_insert(table).values(**values).on_conflict_do_nothing()
        return bool(connection.execute(statement).rowcount == 1)


class JobReads(Rows):
    """Jobs and attempts of one project, as they are."""

    def store_time(self) -> datetime:
        """The store's time, which heartbeats are written in."""
        with self._database.read() as connection:
            return self.now(connection)

    def job(self, job_id: str) -> Job | None:
        """The job with exactly this id."""
        with self._database.read() as connection:
            row = connection.execute(
                select(_jobs).where(_jobs.c.id == job_id, _jobs.c.project == self._project)
            ).mappings()
            found = row.one_or_none()
        return None if found is None else job_of(found)

    def jobs(
        self,
        *,
        statuses: Collection[JobStatus] = (),
        id_prefix: str | None = None,
        limit: int | None = None,
    ) -> list[Job]:
        """Jobs, newest first."""
        query = select(_jobs).where(_jobs.c.project == self._project)
        if statuses:
            query = query.where(_jobs.c.status.in_([str(status) for status in statuses]))
        if id_prefix:
            query = query.where(_jobs.c.id.startswith(id_prefix, autoescape=True))
        query = query.order_by(_jobs.c.created_at.desc(), _jobs.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [job_of(row) for row in connection.execute(query).mappings()]

    def unfinished_jobs(self) -> list[Job]:
        """Jobs that are pending or running."""
        return self.jobs(statuses=_UNFINISHED)

    def attempts(self, job_id: str) -> list[Attempt]:
        """The job's attempts, first to last."""
        query = select(_attempts).where(_attempts.c.job_id == job_id).order_by(_attempts.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return [Attempt(**{**row, "status": JobStatus(row["status"])}) for row in rows]


def job_of(row: RowMapping, prefix: str = "") -> Job:
    """The job in a row whose columns carry `prefix`."""
    values = {name: row[f"{prefix}{name}"] for name in _JOB_FIELDS}
    return Job(status=JobStatus(row[f"{prefix}status"]), **values)


def next_number(connection: Connection, table: Table, *where: Any) -> int:
    """One more than the largest `position` there is."""
    largest = connection.execute(select(func.max(table.c.position)).where(*where)).scalar()
    return 0 if largest is None else int(largest) + 1
