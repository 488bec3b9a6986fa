"""For every generic data test, a row of its table that breaks it: none may be one that cannot fail."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice, product

import sqlglot
from sqlglot import exp

from tests.reference.mutations.copy import Copy
from tests.reference.mutations.graph import DataTest, Model

# What each kind of test is broken by. A test of another kind needs a mutation of its own.
HOW = {
    "not_null": "a row without the value",
    "unique": "a second row with the value",
    "unique_combination": "a second row with the values",
    "accepted_values": "a row with a value that is not on the list",
    "matches_pattern": "a row with a value of another form",
    "relationships": "a row with a key that the other table does not have",
    "satisfies": "a row for which the condition is false",
}
# Values to try for a column, by the beginning of its type.
CANDIDATES = {
    "BOOLEAN": ("true", "false"),
    "DATE": ("'1800-01-01'", "'2999-01-01'"),
    "TIMESTAMP": ("'1800-01-01'", "'2999-01-01'"),
    "UUID": ("'00000000-0000-0000-0000-000000000000'",),
    "VARCHAR": ("'?'",),
    "": ("-1", "0", "1", "2", "9", "99", "1000", "1000000"),
}
TRIES = 200
ONE = "rowid = (select min(rowid) from {0} where {1})"


class Breaker:
    """Breaks generic data tests, each by one row of its table."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy

    def can_fail(self, test: DataTest) -> bool:
        """Whether a row can be made that a test finds fault with."""
        model = self._copy.graph.models[test.model]
        with self._copy.trial():
            self._copy.store(model)
            types = self._types(model)
            if not self._copy.rows(f"select 1 from {model.relation} limit 1"):
                # No record of this kind has come yet: a row of nothing stands for one.
                first = next(iter(types))
                self._copy.run(f'insert into {model.relation} ("{first}") values (null)')
            if test.kind == "satisfies":
                done = self._contradict(test, model, types)
            else:
                done = self._break(test, model, types)
            return done and self._copy.fails(test)

    def _types(self, model: Model) -> dict[str, str]:
        return {name: kind for name, kind, *_ in self._copy.rows(f"describe {model.relation}")}

    def _break(self, test: DataTest, model: Model, types: dict[str, str]) -> bool:
        table, column = model.relation, str(test.arguments.get("column_name"))
        columns = test.arguments.get("columns") or [column]
        any_row = ONE.format(table, "true")
        if test.kind == "not_null":
            self._copy.run(f'update {table} set "{column}" = null where {any_row}')
        elif test.kind in ("accepted_values", "matches_pattern", "relationships"):
            self._copy.run(
                f'update {table} set "{column}" = {self._values(types[column])[0]} where {any_row}'
            )
        elif test.kind in ("unique", "unique_combination"):
            if not self._copy.rows(
                f'select 1 from {table} where "{columns[0]}" is not null limit 1'
            ):
                value = self._values(types[columns[0]])[0]
                self._copy.run(f'update {table} set "{columns[0]}" = {value}')
            row = ONE.format(table, f'"{columns[0]}" is not null')
            self._copy.run(f"insert into {table} from {table} where {row}")
        else:
            return False
        return True

    def _values(self, kind: str) -> list[str]:
        start = next(start for start in CANDIDATES if kind.startswith(start))
        return [f"try_cast({value} as {kind})" for value in CANDIDATES[start]]

    def _contradict(self, test: DataTest, model: Model, types: dict[str, str]) -> bool:
        """Give one row values of one column, or two, with which a condition is false."""
        condition = test.arguments["expression"]
        condition = condition if isinstance(condition, str) else condition["duckdb"]
        for values in islice(self._attempts(condition, types), TRIES):
            replaced = ", ".join(f'{value} as "{name}"' for name, value in values.items())
            found = self._copy.rows(
                f"select row_id from (select * replace ({replaced}), rowid as row_id"
                f" from {model.relation}) as each where not ({condition}) limit 1"
            )
            if found:
                to = ", ".join(f'"{name}" = {value}' for name, value in values.items())
                self._copy.run(f"update {model.relation} set {to} where rowid = ?", found[0][0])
                return True
        return False

    def _attempts(self, condition: str, types: dict[str, str]) -> Iterator[dict[str, str]]:
        parsed = sqlglot.parse_one(condition, read="duckdb")
        named = {column.name for column in parsed.find_all(exp.Column)}
        columns = [name for name in types if name in named]
        for size in (1, 2):
            for names in combinations(columns, size):
                options = [
                    [*self._values(types[name]), f"cast(null as {types[name]})"] for name in names
                ]
                for values in product(*options):
                    yield dict(zip(names, values, strict=True))
