"""Does what a mutation says, and looks for what has to notice it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.reference.mutations.copy import Copy
from tests.reference.mutations.graph import Model
from tests.reference.mutations.mutation import (
    Again,
    Booked,
    Change,
    Deed,
    Failing,
    Flagged,
    Missing,
    Mutation,
    Notice,
    Quarantined,
    Repeated,
    Rewrite,
    Source,
)
from tests.reference.mutations.sources import SOURCES

Place = tuple[int, int]


class NothingToCorruptError(Exception):
    """The warehouse has no such record: the mutation would show nothing."""


def is_judged_by_itself(mutation: Mutation) -> bool:
    """Whether what becomes of the record shows that it was noticed, whatever others say."""
    return isinstance(mutation.deed, Change) and all(
        isinstance(notice, Quarantined | Flagged | Booked) for notice in mutation.noticed
    )


def says(reason: str, fault: str) -> bool:
    """Whether a reason names a fault: the check that failed, by its name, or else in words."""
    for part in reason.split("; "):
        checks = part.partition(": ")[2].split(", ") if part.startswith("cannot be ") else []
        if fault in checks or (" " in fault and fault in part):
            return True
    return False


class Trial:
    """Mutations of records and of built tables, each on the warehouse as it was built."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._graph = copy.graph
        self._ledger = {copy.graph.sources["_loads"]}
        self._tests = {test.label: test for test in copy.graph.tests.values()}
        models = copy.graph.models.values()
        self._bronze = self._with(models, "_failed_checks")
        self._outcomes = self._with(models, "outcome")
        self._quarantines = [
            model for model in self._with(models, "reason") if model.name.endswith("_quarantine")
        ]
        # Records that are not good ones: a fault was planted in them, or they came again.
        copy.run("create schema noted")
        copy.run("create table noted.faulty (_batch_id bigint, _row_number bigint)")
        for model, condition in [
            *((model, "reason is not null") for model in self._with(models, "reason")),
            *((model, "len(_failed_checks) > 0") for model in self._bronze),
        ]:
            copy.run(
                "insert into noted.faulty"
                f" select _batch_id, _row_number from {model.relation} where {condition}"
            )
        for model in (*self._outcomes, *self._quarantines):
            copy.run(f"create table noted.{model.name} as from {model.relation}")

    def _with(self, models: Iterable[Model], column: str) -> list[Model]:
        """The models that say such a thing of a record."""
        return [
            model for model in models if self._copy.has(model, column, "_batch_id", "_row_number")
        ]

    def try_out(self, mutation: Mutation) -> list[str]:
        """What does not notice a mutation, of that which has to."""
        with self._copy.trial():
            place = None
            if isinstance(mutation.deed, Rewrite):
                changed = {self._rewrite(mutation.place, mutation.deed)}
            else:
                source = SOURCES[mutation.place]
                place = self._corrupt(source, mutation.deed)
                changed = {self._graph.sources[source.raw_table]}
                if not isinstance(mutation.deed, Change):
                    changed |= self._ledger
            # The ledger is read by every source's models: only this one's have to be built.
            reached = {model.id for model in self._graph.after(changed - self._ledger)} | changed
            wanted = [node for notice in mutation.noticed for node in self._nodes(notice, reached)]
            self._copy.rebuild(changed, wanted)
            return [
                str(notice) for notice in mutation.noticed if not self._is_noticed(notice, place)
            ]

    def try_together(self, mutations: Iterable[Mutation]) -> dict[Mutation, list[str]]:
        """What does not notice each of these, in one build of everything.

        Only of records that are judged by themselves, each another one. Left out are those for
        which a source has no good record left: of some there are fewer than things to go wrong.
        """
        with self._copy.trial():
            places = {}
            for mutation in mutations:
                if not is_judged_by_itself(mutation):
                    continue
                try:
                    place = self._corrupt(SOURCES[mutation.place], mutation.deed)
                except NothingToCorruptError:
                    continue
                assert place is not None
                self._copy.run("insert into noted.faulty values (?, ?)", *place)
                places[mutation] = place
            self._copy.rebuild(self._graph.sources.values())
            return {
                mutation: [
                    str(notice)
                    for notice in mutation.noticed
                    if not self._is_noticed(notice, place)
                ]
                for mutation, place in places.items()
            }

    def _nodes(self, notice: Notice, reached: set[str]) -> Iterable[str]:
        """The models that a notice is looked for in."""
        if isinstance(notice, Failing):
            if notice.test not in self._tests:
                raise NothingToCorruptError(f"there is no data test '{notice.test}'")
            return self._tests[notice.test].reads
        if isinstance(notice, Quarantined):
            return reached & {model.id for model in self._quarantines}
        if isinstance(notice, Flagged):
            return reached & {model.id for model in self._bronze}
        if isinstance(notice, Booked):
            return [self._graph.named(notice.table).id]
        if isinstance(notice, Repeated):
            tables = {self._graph.named(table).id for table in notice.tables}
            return tables | (reached & {model.id for model in self._outcomes})
        raise TypeError(notice)

    def _rewrite(self, table: str, deed: Rewrite) -> str:
        model = self._graph.named(table.partition(".")[2])
        self._copy.store(model)
        one = (
            f"rowid = (select arg_min(rowid, cast(each as varchar)) from {model.relation} as each"
            f" where {deed.where})"
        )
        if not self._copy.rows(f"select 1 from {model.relation} where {one}"):
            raise NothingToCorruptError(f"{table}: no row where {deed.where}")
        self._copy.run(deed.statement.format(table=model.relation, one=one))
        return model.id

    def _corrupt(self, source: Source, deed: Deed) -> Place | None:
        table = f"raw.{source.raw_table}"
        if isinstance(deed, Missing):
            self._take_away(table, deed.where)
            return None
        assert isinstance(deed, Change | Again)
        if isinstance(deed, Change) and deed.every:
            self._copy.run(f"update {table} set {deed.to} where {source.good} and {deed.where}")
            return None
        place = self._good_record(source, deed.where)
        if isinstance(deed, Again):
            place = self._deliver_again(table, place)
        if deed.to:
            self._copy.run(
                f"update {table} set {deed.to} where _batch_id = ? and _row_number = ?", *place
            )
        return place

    def _good_record(self, source: Source, where: str) -> Place:
        key = ", ".join(f'"{name}"' for name in source.key)
        # Materialized, because a condition on JSON cannot be asked of a record that is broken.
        found = self._copy.rows(
            f"with clean as materialized (select * from raw.{source.raw_table} as each"
            " where not exists (select 1 from noted.faulty where _batch_id = each._batch_id"
            f" and _row_number = each._row_number)) select _batch_id, _row_number from clean"
            f" where ({source.good}) and ({where}) qualify count(*) over (partition by {key}) = 1"
            " order by _batch_id, _row_number limit 1"
        )
        if not found:
            raise NothingToCorruptError(f"{source.name}: no good record where {where}")
        return found[0][0], found[0][1]

    def _take_away(self, table: str, where: str) -> None:
        gone = self._copy.rows(
            f"select _batch_id, count(*) from {table} where {where} group by _batch_id"
        )
        if not gone:
            raise NothingToCorruptError(f"{table}: no record where {where}")
        self._copy.run(f"delete from {table} where {where}")
        for batch, records in gone:
            self._copy.run(
                "update raw._loads set rows_read = rows_read - ?, rows_loaded = rows_loaded - ?"
                " where batch_id = ?",
                records,
                records,
                batch,
            )

    def _deliver_again(self, table: str, place: Place) -> Place:
        self._copy.run(
            "insert into raw._loads select * replace ((select max(batch_id) + 1 from raw._loads)"
            " as batch_id, 1 as rows_read, 1 as rows_loaded, 0 as rows_rejected)"
            " from raw._loads where batch_id = ?",
            place[0],
        )
        self._copy.run(
            f"insert into {table} select * replace ((select max(batch_id) from raw._loads)"
            f" as _batch_id, 1 as _row_number) from {table}"
            " where _batch_id = ? and _row_number = ?",
            *place,
        )
        return self._copy.rows("select max(batch_id) from raw._loads")[0][0], 1

    def _is_noticed(self, notice: Notice, place: Place | None) -> bool:
        if isinstance(notice, Failing):
            return self._copy.fails(self._tests[notice.test])
        if isinstance(notice, Quarantined) and place is None:
            return self._has_new_quarantine(notice.reason)
        assert place is not None
        if isinstance(notice, Repeated):
            return self._is_repeated(notice, place)
        if isinstance(notice, Quarantined):
            reasons = self._judged(self._quarantines, place, "reason")
            return any(says(reason, notice.reason) for reason in reasons)
        if isinstance(notice, Flagged):
            return any(
                notice.check in failed
                for failed in self._judged(self._bronze, place, "_failed_checks")
            )
        if isinstance(notice, Booked):
            table = self._graph.named(notice.table).relation
            query = f'select "{notice.column}" from {table} where source_bronze_id = ?'
            ids = self._judged(self._bronze, place, "id")
            return any(self._copy.rows(query, each) == [(notice.member,)] for each in ids)
        raise TypeError(notice)

    def _judged(self, models: Iterable[Model], place: Place, column: str) -> list[Any]:
        """What these models say of a record."""
        found = []
        for model in models:
            query = f"select {column} from {model.relation} where _batch_id = ? and _row_number = ?"
            found += [row[0] for row in self._copy.rows(query, *place) if row[0] is not None]
        return found

    def _is_repeated(self, notice: Repeated, place: Place) -> bool:
        # Where outcomes tell of the record, it or the one before it is a duplicate now.
        told = [model for model in self._outcomes if self._judged([model], place, "outcome")]
        query = "select count(*) from {} where outcome = 'duplicate'"
        for model in told:
            before = self._copy.rows(query.format(f"noted.{model.name}"))[0][0]
            if self._copy.rows(query.format(model.relation))[0][0] != before + 1:
                return False
        return all(self._copy.is_as_before(table) for table in notice.tables)

    def _has_new_quarantine(self, reason: str) -> bool:
        query = "select count(*) from {} where contains(reason, ?)"
        return any(
            self._copy.rows(query.format(model.relation), reason)
            > self._copy.rows(query.format(f"noted.{model.name}"), reason)
            for model in self._quarantines
        )
