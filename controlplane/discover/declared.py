"""Takes over the keys that a database declares: they say what is meant, the data how well it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from controlplane.discover.inclusion import Values
from controlplane.discover.key_candidate import KeyCandidate
from controlplane.discover.profile import TableProfile
from controlplane.discover.references import Reference, Schema


def with_declared(schema: Schema, values: Values, profiles: Sequence[TableProfile]) -> Schema:
    """The schema with the declared keys and references in place of those that were inferred.

    A reference is counted over the data all the same. One whose columns have no value is left out:
    the data show nothing of it.
    """
    by_name = {profile.name: profile for profile in profiles}
    keys = dict(schema.keys)
    for profile in profiles:
        columns = profile.table.declared_key
        if columns and profile.rows:
            keys[profile.name] = (_candidate(profile, columns), 1.0)
    declared = []
    for profile in profiles:
        for each in profile.table.declared_references:
            child = tuple(profile.column(name) for name in each.columns)
            if not all(column.filled for column in child):
                continue
            parent = _candidate(by_name[each.ref_table], each.ref_columns)
            inclusion = values.together(child, parent)
            declared.append(Reference(inclusion, 9.0, 1.0, is_declared=True))
    taken = {each.child for each in declared}
    inferred = [each for each in schema.references if each.child not in taken]
    return replace(schema, keys=keys, references=(*declared, *inferred))


def _candidate(profile: TableProfile, columns: Sequence[str]) -> KeyCandidate:
    return KeyCandidate(
        profile.name,
        tuple(columns),
        tuple(profile.column(name) for name in columns),
        9.0,
        is_declared=True,
    )
