"""Writes jobs and their attempts.

Invariant: every change of a job's status goes through `_locked`, which holds the row for the
transaction, and is checked against `TRANSITIONS`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from controlplane.errors import JobError
from controlplane.state import tables
from controlplane.state.records import TRANSITIONS, Job, JobStatus, Owner
from controlplane.state.rows import JobReads, job_of

_jobs = tables.jobs
_attempts = tables.attempts


@dataclass(frozen=True)
class Beat:
    """The answer to a heartbeat: whether the job is still ours, and whether it shall stop."""

    owned: bool
    cancel_requested: bool


class JobRows(JobReads):
    """Jobs and attempts of one project: their moves from state to state."""

    def add_job(
        self,
        *,
        type: str,  # noqa: A002
        name: str,
        params: Mapping[str, Any],
        status: JobStatus,
        owner: Owner | None,
        now: datetime,
        scheduled_for: datetime | None = None,
    ) -> Job:
        """A new job, pending or already running (then its first attempt has started)."""
        with self._database.write() as connection:
            return self._add_job(
                connection,
                type_=type,
                name=name,
                params=params,
                status=status,
                owner=owner,
                now=now,
                scheduled_for=scheduled_for,
            )

    def _add_job(
        self,
        connection: Connection,
        *,
        type_: str,
        name: str,
        params: Mapping[str, Any],
        status: JobStatus,
        owner: Owner | None,
        now: datetime,
        scheduled_for: datetime | None,
    ) -> Job:
        starts = status is JobStatus.RUNNING
        values: dict[str, Any] = {
            "project": self._project,
            "type": type_,
            "name": name,
            "params": dict(params),
            "status": status,
            "attempt": int(starts),
            "progress": 0,
            "message": "",
            "created_at": now,
            "started_at": now if starts else None,
            "cancel_requested": False,
            "records_read": 0,
            "records_loaded": 0,
            "records_rejected": 0,
            "records_written": 0,
            "scheduled_for": scheduled_for,
            **self._owner_values(connection, owner),
        }
        while True:
            job_id = f"job_{now.astimezone(UTC):%Y%m%d_%H%M%S}_{secrets.token_hex(2)}"
            if self._insert_unless_there(connection, _jobs, {"id": job_id, **values}):
                break
        if starts:
            self._add_attempt(connection, job_id, 1, now)
        return self._locked(connection, job_id)

    def start_job(
        self,
        job_id: str,
        *,
        owner: Owner,
        now: datetime,
        accepted: Collection[JobStatus],
        after_attempt: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Job:
        """The job, running, with its next attempt begun.

        It is started only from an `accepted` status, and with `after_attempt` only if that is the
        last attempt there was. `params` take the place of what its creator did not know in full.
        """
        with self._database.write() as connection:
            job = self._locked(connection, job_id)
            if job.status not in accepted or JobStatus.RUNNING not in TRANSITIONS[job.status]:
                raise JobError(f"job {job_id} is {job.status}, so it cannot be started")
            if after_attempt is not None and job.attempt != after_attempt:
                raise JobError(
                    f"job {job_id} has had attempt {job.attempt}; another process started it"
                )
            values: dict[str, Any] = {
                "attempt": job.attempt + 1,
                "started_at": now,
                "progress": 0,
                "message": "",
                **self._owner_values(connection, owner),
            }
            if params is not None:
                values["params"] = dict(params)
            self._move(connection, job, JobStatus.RUNNING, values)
            self._add_attempt(connection, job_id, job.attempt + 1, now)
            return self._locked(connection, job_id)

    def take_failed(self, job_id: str, *, attempt: int, owner: Owner) -> bool:
        """Whether this process is the one that may try the failed job again; it is pending then."""
        with self._database.write() as connection:
            job = self._locked(connection, job_id)
            if job.status is not JobStatus.FAILED or job.attempt != attempt:
                return False
            self._move(connection, job, JobStatus.PENDING, self._owner_values(connection, owner))
            return True

    def next_attempt(self, job_id: str, *, attempt: int, now: datetime) -> int:
        """The number of a further attempt of a running job, begun."""
        with self._database.write() as connection:
            self._owned(connection, job_id, attempt)
            values = {"attempt": attempt + 1}
            connection.execute(update(_jobs).where(_jobs.c.id == job_id).values(**values))
            self._add_attempt(connection, job_id, attempt + 1, now)
        return attempt + 1

    def set_target_path(self, job_id: str, number: int, target_path: str) -> None:
        """Keep where the attempt's dbt artifacts are."""
        with self._database.write() as connection:
            connection.execute(
                update(_attempts)
                .where(_attempts.c.job_id == job_id, _attempts.c.number == number)
                .values(target_path=target_path)
            )

    def close_attempt(
        self, job_id: str, number: int, status: JobStatus, *, error: str | None, now: datetime
    ) -> None:
        """End an attempt that is running; one that has ended keeps its end."""
        with self._database.write() as connection:
            self._close_attempts(connection, job_id, status, error=error, now=now, number=number)

    def beat(
        self, job_id: str, attempt: int, progress: int | None = None, message: str | None = None
    ) -> Beat:
        """Say that the job's process lives, and how far it is."""
        with self._database.write() as connection:
            values: dict[str, Any] = {"heartbeat_at": self.now(connection)}
            if progress is not None:
                values["progress"] = progress
            if message is not None:
                values["message"] = message
            mine = (
                _jobs.c.id == job_id,
                _jobs.c.status == JobStatus.RUNNING,
                _jobs.c.attempt == attempt,
            )
            if connection.execute(update(_jobs).where(*mine).values(**values)).rowcount == 0:
                return Beat(owned=False, cancel_requested=False)
            wanted = connection.execute(select(_jobs.c.cancel_requested).where(*mine)).scalar()
            return Beat(owned=True, cancel_requested=bool(wanted))

    def beat_pending(self, job_ids: Iterable[str]) -> None:
        """Say that the process which will start these jobs lives."""
        wanted = list(job_ids)
        if not wanted:
            return
        with self._database.write() as connection:
            connection.execute(
                update(_jobs)
                .where(_jobs.c.id.in_(wanted), _jobs.c.status == JobStatus.PENDING)
                .values(heartbeat_at=self.now(connection))
            )

    def finish_job(
        self,
        job_id: str,
        attempt: int,
        status: JobStatus,
        *,
        now: datetime,
        progress: int,
        message: str,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
        error_path: str | None = None,
    ) -> Job:
        """The job, ended by the process that ran this attempt of it."""
        with self._database.write() as connection:
            job = self._owned(connection, job_id, attempt)
            values = {
                "progress": progress,
                "message": message,
                "result": None if result is None else dict(result),
                "error": error,
                "error_path": error_path,
            }
            self._end(connection, job, status, values, now)
            return self._locked(connection, job_id)

    def fail_unstarted(self, job_id: str, *, attempt: int, error: str, now: datetime) -> bool:
        """Whether the pending job is failed now, with an attempt that never got to work.

        Nothing happens if the job has gone on since, so that `attempt` is not its last one.
        """
        with self._database.write() as connection:
            job = self._locked(connection, job_id)
            if job.status is not JobStatus.PENDING or job.attempt != attempt:
                return False
            self._add_attempt(connection, job_id, attempt + 1, now)
            values = {"attempt": attempt + 1, "error": error, "started_at": now}
            self._end(connection, job, JobStatus.FAILED, values, now)
            return True

    def mark_dead(self, seen: Job, *, message: str, now: datetime) -> bool:
        """Whether the job is failed now because its process died.

        Nothing happens if it gave a sign of life since `seen` was read.
        """
        with self._database.write() as connection:
            job = self._locked(connection, seen.id)
            if (job.status, job.attempt, job.heartbeat_at, job.owner) != (
                seen.status,
                seen.attempt,
                seen.heartbeat_at,
                seen.owner,
            ):
                return False
            self._end(connection, job, JobStatus.FAILED, {"error": message}, now)
            return True

    def request_cancel(self, job_id: str, *, now: datetime) -> Job:
        """The job, cancelled if nobody runs it yet, else with the request to stop."""
        with self._database.write() as connection:
            job = self._locked(connection, job_id)
            if job.status is JobStatus.PENDING:
                self._end(connection, job, JobStatus.CANCELLED, {"error": "cancelled"}, now)
            elif job.status is JobStatus.RUNNING:
                connection.execute(
                    update(_jobs).where(_jobs.c.id == job_id).values(cancel_requested=True)
                )
            else:
                raise JobError(f"job {job_id} is {job.status}, so it cannot be cancelled")
            return self._locked(connection, job_id)

    def _locked(self, connection: Connection, job_id: str) -> Job:
        """The job, which nobody else changes until the transaction ends."""
        query = select(_jobs).where(_jobs.c.id == job_id, _jobs.c.project == self._project)
        row = connection.execute(query.with_for_update()).mappings().one_or_none()
        if row is None:
            raise JobError(f"there is no job {job_id}")
        return job_of(row)

    def _owned(self, connection: Connection, job_id: str, attempt: int) -> Job:
        """The job, if this attempt of it is running."""
        job = self._locked(connection, job_id)
        if job.status is not JobStatus.RUNNING or job.attempt != attempt:
            raise JobError(
                f"job {job_id} is {job.status} (attempt {job.attempt}); attempt {attempt},"
                " which had run it, was taken for dead"
            )
        return job

    def _move(
        self, connection: Connection, job: Job, to: JobStatus, values: Mapping[str, Any]
    ) -> None:
        if to not in TRANSITIONS[job.status]:
            raise JobError(f"job {job.id} is {job.status}, so it cannot become {to}")
        fresh: dict[str, Any] = {}
        if not to.ended:
            fresh = {
                "finished_at": None,
                "cancel_requested": False,
                "result": None,
                "error": None,
                "error_path": None,
            }
        connection.execute(
            update(_jobs).where(_jobs.c.id == job.id).values({**fresh, **values, "status": to})
        )

    def _end(
        self,
        connection: Connection,
        job: Job,
        to: JobStatus,
        values: Mapping[str, Any],
        now: datetime,
    ) -> None:
        self._move(connection, job, to, {"finished_at": now, **values})
        self._close_attempts(connection, job.id, to, error=values.get("error"), now=now)

    def _owner_values(self, connection: Connection, owner: Owner | None) -> dict[str, Any]:
        return {
            "host": owner and owner.host,
            "pid": owner and owner.pid,
            "process_start": owner and owner.process_start,
            "heartbeat_at": self.now(connection),
        }

    def _add_attempt(self, connection: Connection, job_id: str, number: int, now: datetime) -> None:
        values = {"number": number, "status": JobStatus.RUNNING, "started_at": now}
        connection.execute(insert(_attempts).values(job_id=job_id, **values))

    def _close_attempts(
        self,
        connection: Connection,
        job_id: str,
        status: JobStatus,
        *,
        error: str | None,
        now: datetime,
        number: int | None = None,
    ) -> None:
        which = [_attempts.c.job_id == job_id, _attempts.c.status == JobStatus.RUNNING]
        if number is not None:
            which.append(_attempts.c.number == number)
        values = {"status": status, "error": error, "finished_at": now}
        connection.execute(update(_attempts).where(*which).values(**values))
