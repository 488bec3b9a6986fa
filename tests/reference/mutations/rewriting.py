"""Ways in which a row of a built table may be wrong."""

from __future__ import annotations

from collections.abc import Mapping

from tests.reference.mutations.mutation import Failing, Mutation, Rewrite, mutation

LOSE = "delete from {table} where {one}"
DOUBLE = "insert into {table} from {table} where {one}"
NOT_A_MEMBER = "source_bronze_id is not null"


def changed(table: str, corruption: str, to: str, *tests: str, where: str = "true") -> Mutation:
    """One row of a table says something else."""
    return mutation(
        table, corruption, Rewrite(f"update {{table}} set {to} where {{one}}", where), *tests
    )


def lost(table: str, *tests: str, where: str = "true") -> Mutation:
    """A row is gone."""
    return mutation(table, "a row is lost", Rewrite(LOSE, where), *tests)


def doubled(table: str, *tests: str, where: str = "true") -> Mutation:
    """A row is there twice."""
    return mutation(table, "a row is there twice", Rewrite(DOUBLE, where), *tests)


def each_changed(
    table: str, test: str, steps: Mapping[str, str], where: str = "true"
) -> tuple[Mutation, ...]:
    """Each of these columns by itself is off by a little, in one row where it says something."""
    return tuple(
        Mutation(
            table,
            f"`{column}` is off by {step}",
            Rewrite(
                f"update {{table}} set {column} = {column} + {step} where {{one}}",
                f"{column} is not null and {where}",
            ),
            (Failing(test),),
        )
        for column, step in steps.items()
    )
