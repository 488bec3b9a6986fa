"""Loads a process whose source is a database: what is new of it, and the tables its joins read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from controlplane.config import Project
from controlplane.load import ledger
from controlplane.load.batch import Delivery, OvertakenError, ReadAgain
from controlplane.load.database import SourceDatabase, open_database, table_relation
from controlplane.load.extract import (
    Extract,
    Origin,
    extract_all,
    extract_beyond,
    find_origin,
    join_tables,
    rows_without_key,
)
from controlplane.load.gates import BatchSkipped
from controlplane.load.increments import Increment, has_news, write_increment
from controlplane.load.ledger import LedgerLine
from controlplane.load.loader import Loader, Prepared
from controlplane.load.results import Batch
from controlplane.naming import RAW_SCHEMA, column_names, raw_join_table, raw_table
from controlplane.specs.etl import EtlProcess

Known = Mapping[tuple[str, str], LedgerLine]


def load_database(
    loader: Loader,
    process: EtlProcess,
    project: Project,
    known: Known,
    known_tables: frozenset[str],
    *,
    dry_run: bool,
) -> None:
    """Load what is new of the source, and of the tables of its joins.

    All of it is of one moment: the database is read in one snapshot. That ends before the
    warehouse is written.
    """
    config, slug = process.source_config, process.slug
    snapshots: list[Prepared] = []
    while True:
        increment = None
        with open_database(process, project) as database:
            origin = find_origin(database, config)
            if config.incremental_key:
                increment = _increment(loader, database, process, origin, known)
                _warn_of_rows_without_key(loader, database, process, origin, increment)
            else:
                extract = extract_all(database, origin.relation(), config.filters, loader.folder())
                snapshots += _changed(loader, raw_table(slug), origin.source, extract, known)
            for table in join_tables(process, known_tables):
                name = database.resolve(table)
                extract = extract_all(database, table_relation(*name), {}, loader.folder())
                join = raw_join_table(slug, table)
                snapshots += _changed(loader, join, ".".join(name), extract, known)
        if dry_run:
            _plan(loader, snapshots, increment)
            return
        if increment is None or _write(loader, increment):
            break
        # Another loader wrote what we were about to write: look again what is left.
        snapshots.clear()
        known = ledger.newest_by_source(loader.target, slug)
    loader.write(snapshots)


def _increment(
    loader: Loader, database: SourceDatabase, process: EtlProcess, origin: Origin, known: Known
) -> Increment:
    config, table = process.source_config, raw_table(process.slug)
    previous = known.get((table, origin.source))
    cursor = previous.cursor_value if previous else None
    extract = extract_beyond(database, origin, config, cursor, loader.folder())
    titles = extract.reading.titles
    key = column_names(titles)[titles.index(config.incremental_key or "")]
    return Increment(extract, table, origin.source, key, previous, config.batch_size)


def _write(loader: Loader, increment: Increment) -> bool:
    """Whether all of it is written; false where another loader came first."""
    while True:
        try:
            with loader.session() as session:
                found = False
                for batch in write_increment(session, increment, loader.options):
                    found = True
                    loader.done(batch)
                loader.unchanged += not found
        except ReadAgain:
            extract = replace(increment.extract, reading=increment.extract.reading.careful())
            increment = replace(increment, extract=extract)
            continue
        except BatchSkipped as skipped:
            loader.skip(increment.source, skipped.reason)
        except OvertakenError:
            return False
        return True


def _changed(
    loader: Loader, table: str, source: str, extract: Extract, known: Known
) -> list[Prepared]:
    """The delivery of a snapshot, unless the newest batch of its source has the same content."""
    newest = known.get((table, source))
    if newest and newest.fingerprint == extract.fingerprint:
        loader.unchanged += 1
        return []
    delivery = Delivery(
        raw_table=table,
        source=source,
        fingerprint=extract.fingerprint,
        expected=newest.batch_id if newest else None,
    )
    return [Prepared(delivery, extract.reading)]


def _warn_of_rows_without_key(
    loader: Loader,
    database: SourceDatabase,
    process: EtlProcess,
    origin: Origin,
    increment: Increment,
) -> None:
    """Say so when rows without a key came after those that the first load took."""
    if increment.cursor is None:
        return
    key = process.source_config.incremental_key or ""
    if origin.table and key in database.not_null(*origin.table):
        return
    there = rows_without_key(database, origin, process.source_config)
    if not there:
        return
    loaded = loader.target.query(
        f"select count(*) from {RAW_SCHEMA}.{increment.raw_table} where {increment.key} is null"
    )
    new = there - int(loaded[0][0])
    if new > 0:
        loader.warnings.append(
            f"{origin.source}: {new:,} rows have no value in '{key}' (incremental_key) and came"
            " after the first load; an incremental load cannot find them"
        )


def _plan(loader: Loader, snapshots: list[Prepared], increment: Increment | None) -> None:
    if increment is not None and not has_news(loader.target, increment):
        loader.unchanged += 1
    elif increment is not None:
        loader.done(
            Batch(
                None,
                increment.raw_table,
                increment.source,
                increment.extract.fingerprint,
                is_delivery=False,
            )
        )
    for prepared in snapshots:
        delivery = prepared.delivery
        loader.done(Batch(None, delivery.raw_table, delivery.source, delivery.fingerprint))
