"""Brings corrupted files to the real loader, on a copy of the warehouse's file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from controlplane.config import load_project
from controlplane.errors import DatabankError
from controlplane.load import load_process
from controlplane.naming import raw_table
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import read_etl_specs
from controlplane.targets import open_target
from tests.reference.mutations.copy import Copy
from tests.reference.mutations.mutation import Delivery, Mutation, Refused, Repeated
from tests.reference.mutations.project import DATABASE, Built
from tests.reference.mutations.sources import SOURCES


class Post:
    """A warehouse that takes deliveries."""

    def __init__(self, built: Built, folder: Path) -> None:
        folder.mkdir()
        self._built = built
        # The database is called by its file's name, which has to stay.
        self.database = folder / DATABASE
        shutil.copy(built.database, self.database)
        variables = {**built.environment, "DATABANK_DUCKDB_PATH": str(self.database)}
        self._project = load_project(built.root, target="duckdb", environment=variables)
        self._target = open_target(self._project.target)
        self._processes = {
            raw_table(file.spec.slug): file.spec for file in read_etl_specs(built.root)
        }

    def refusal(self, mutation: Mutation) -> str:
        """What the loader says of a delivery that it does not take."""
        assert isinstance(mutation.deed, Delivery)
        with self._delivered(mutation.place, mutation.deed):
            try:
                self._load(self._processes[SOURCES[mutation.place].raw_table])
            except DatabankError as error:
                return str(error)
        return ""

    def records(self) -> list[tuple[object, ...]]:
        """How many records each source has brought, and in how many batches."""
        counts = [f"select count(*) from raw.{table}" for table in (*self._processes, "_loads")]
        return self._target.query(" union all ".join(counts))

    def take_all(self, mutations: Iterable[Mutation]) -> None:
        """Load these deliveries."""
        for mutation in mutations:
            assert isinstance(mutation.deed, Delivery)
            with self._delivered(mutation.place, mutation.deed):
                self._load(self._processes[SOURCES[mutation.place].raw_table])

    def _load(self, process: EtlProcess) -> None:
        load_process(
            process, self._project, self._target, job_id=None, now=lambda: datetime.now(UTC)
        )

    @contextmanager
    def _delivered(self, source: str, deed: Delivery) -> Iterator[None]:
        """The source's newest file, corrupted, under a name that comes after it."""
        pattern = self._processes[SOURCES[source].raw_table].source_config.paths[0]
        newest = max(self._built.root.glob(pattern))
        day = newest.stem.rpartition("_")[2]
        again = newest.with_name(newest.name.replace(day, "2099-12-31"))
        again.write_bytes(deed.corrupt(newest.read_bytes()))
        try:
            yield
        finally:
            again.unlink()


def try_deliveries(
    built: Built, mutations: Iterable[Mutation], folder: Path
) -> dict[Mutation, list[str]]:
    """What does not notice each of these, of that which has to."""
    post = Post(built, folder)
    missed: dict[Mutation, list[str]] = {}
    repeated = []
    before = post.records()
    for mutation in mutations:
        for notice in mutation.noticed:
            if isinstance(notice, Refused):
                said = post.refusal(mutation)
                missed[mutation] = [] if notice.message in said else [f"{notice}; it says: {said}"]
            else:
                repeated.append(mutation)
    if post.records() != before:
        raise RuntimeError("a delivery that was refused has left something behind")
    post.take_all(repeated)
    copy = Copy(replace(built, database=post.database))
    try:
        copy.rebuild(copy.graph.sources.values())
        for mutation in repeated:
            missed[mutation] = [
                str(notice)
                for notice in mutation.noticed
                if not (
                    isinstance(notice, Repeated)
                    and all(copy.is_as_before(table) for table in notice.tables)
                )
            ]
    finally:
        copy.close()
    return missed
