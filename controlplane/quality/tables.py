"""Validates a table of the warehouse by rules that were asked for, or by those of its model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controlplane.errors import ConfigError, DatabankError, SpecError
from controlplane.load.ledger import LEDGER
from controlplane.quality.batches import newest_batch
from controlplane.quality.counting import count, nothing
from controlplane.quality.criteria import Criterion, criteria
from controlplane.quality.masked import Masking
from controlplane.quality.prepared import RECORDS, Prepared, RunDbt, render
from controlplane.quality.request import FieldRule
from controlplane.quality.sampling import sample
from controlplane.quality.scores import Batch, scored
from controlplane.state.records import QualityResult
from controlplane.targets import MissingRelationError, Target
from controlplane.targets.base import quoted

if TYPE_CHECKING:
    from controlplane.generate.process import Process

_OWN = ("_outcome", "_reason", "_batch_id", "_row_number", "_loaded_at", "_brought_by")
# Names that the engines have for the types that expressions know; any other is a text to them.
_TYPES = {
    "varchar": "text",
    "text": "text",
    "character varying": "text",
    "integer": "integer",
    "smallint": "integer",
    "bigint": "bigint",
    "hugeint": "decimal(38,0)",
    "double": "double",
    "double precision": "double",
    "float": "double",
    "real": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp without time zone": "timestamp",
    "time": "time",
    "time without time zone": "time",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "json",
}


def validate_table(
    target: Target,
    place: tuple[str, str],
    rules: Sequence[FieldRule],
    run_dbt: RunDbt,
    masking: Masking,
    *,
    now: datetime,
    sample_size: int | None = None,
    source: str = "the request",
) -> QualityResult:
    """The result of a table, given by its schema and its name.

    Raises:
        ConfigError: the table has no such field, or a rule cannot be understood.
        TargetError: there is no such table, or the warehouse refuses the query.
    """
    schema, table = place
    columns = dict(target.columns(schema, table))
    if not columns:
        raise DatabankError(f"there is no table {schema}.{table} in {target.settings.identity}")
    judged = _criteria(table, columns, rules, source)
    rendered = render([str(each.violation) for each in judged], run_dbt)
    prepared = Prepared(
        subject=f"{schema}.{table}",
        criteria=tuple(
            Criterion(**{**asdict(each), "violation": text})
            for each, text in zip(judged, rendered, strict=True)
        ),
        records=_records(schema, table, columns, sample_size),
        raw=None,
        skipped="",
        time=None,
        action="",
        threshold=0,
        is_table=True,
    )
    counts = count(target, prepared, [0]) or {0: nothing(judged)}
    broken = sample(target, prepared, counts)
    known = {s.batch_id for each in broken.get(0, {}).values() for s in each.samples if s.batch_id}
    batch = Batch(newest_batch(target), f"{schema}.{table}", None)
    return scored(
        prepared.subject,
        batch,
        prepared.criteria,
        counts[0],
        broken.get(0, {}),
        rules=prepared.checksum,
        decision="",
        masking=masking,
        now=now,
        sources=_sources(target, known),
        sample_size=sample_size,
    )


def _records(schema: str, table: str, columns: Mapping[str, str], sample_size: int | None) -> str:
    listed = [quoted(name) for name in columns if name not in _OWN]
    for name, own in (("_brought_by", "_batch_id"), ("_row_number", "_row_number")):
        value = f"cast({own} as bigint)" if own in columns else "cast(null as bigint)"
        listed.append(f"{value} as {name}")
    limit = f" limit {sample_size}" if sample_size else ""
    return (
        f"with {RECORDS} as (\nselect {', '.join(listed)}, cast(0 as bigint) as _batch_id,"
        " 'accepted' as _outcome, cast(null as text) as _reason,"
        " cast(null as timestamp) as _loaded_at"
        f"\nfrom {quoted(schema)}.{quoted(table)}{limit}\n)"
    )


def _sources(target: Target, batches: set[int]) -> dict[int, str]:
    """Where the batches came from, as far as the load ledger knows."""
    if not batches:
        return {0: ""}
    listed = ", ".join(str(int(each)) for each in sorted(batches))
    try:
        rows = target.query(f"select batch_id, source from {LEDGER} where batch_id in ({listed})")
    except MissingRelationError:
        return {0: ""}
    return {int(batch): source for batch, source in rows}


# --- rules ----------------------------------------------------------------------------------------


def _criteria(
    table: str, columns: Mapping[str, str], rules: Sequence[FieldRule], source: str
) -> tuple[Criterion, ...]:
    """The rules as a spec would give them to a process that reads the table."""
    from controlplane.generate.resolution import resolve
    from controlplane.specs.files import parse_etl
    from controlplane.specs.source_schema import SourceColumn, SourceSchema

    unknown = [
        f"{source}: validation_rules[{index}].field: found '{rule.field}', and {table} has:"
        f" {', '.join(columns)}"
        for index, rule in enumerate(rules)
        if rule.field not in columns and (rule.field or rule.rule_type != "custom")
    ]
    if unknown:
        raise ConfigError("\n".join(unknown))
    known = {name: _type(kind) for name, kind in columns.items() if name not in _OWN}
    spec = {
        "name": "quality",
        "type": "transform",
        "source_config": {"source_type": "model", "model": table},
        "target_config": {"table_name": "quality"},
        "transform_config": {
            "data_quality": {"validation_rules": [_rule(i, rule) for i, rule in enumerate(rules)]}
        },
    }
    schema = SourceSchema(
        tuple(SourceColumn(name, name, kind, declared=True) for name, kind in known.items()), ()
    )
    try:
        process: Process = resolve(parse_etl(json.dumps(spec), source), schema, source)
    except SpecError as error:
        raise ConfigError(
            "\n".join(f"{source}: {_field(each.field)}: {each.message}" for each in error.problems)
        ) from error
    found = criteria(process)[-len(rules) :] if rules else ()
    return tuple(
        Criterion(**{**asdict(each), "column": rule.field or None, "name": _name(rule, rules)})
        for each, rule in zip(found, rules, strict=True)
    )


def _rule(index: int, rule: FieldRule) -> dict[str, Any]:
    kinds = {"format": "regex", "custom": "expression"}
    given = dict(rule.parameters)
    written: dict[str, Any] = {
        "name": f"rule_{index}",
        "type": kinds.get(rule.rule_type, rule.rule_type),
        "severity": rule.severity,
    }
    if rule.rule_type in ("format", "custom"):
        written["expression"] = str(given.pop("pattern", None) or given.pop("expression", ""))
    if rule.rule_type == "custom":
        written["description"] = written["expression"]
    written["parameters"] = given if rule.rule_type == "custom" else {"column": rule.field, **given}
    return written


def _name(rule: FieldRule, rules: Sequence[FieldRule]) -> str:
    """`email:format`, with its place where there are several of the kind."""
    alike = [each for each in rules if (each.field, each.rule_type) == (rule.field, rule.rule_type)]
    name = f"{rule.field or 'record'}:{rule.rule_type}"
    return name if len(alike) == 1 else f"{name}:{alike.index(rule) + 1}"


def _field(field: str) -> str:
    """A field of the spec that the rules were put into, as the request calls it."""
    return re.sub(r"^transform_config\.data_quality\.", "", field).replace(
        ".expression", ".parameters"
    )


def _type(kind: str) -> str:
    name = kind.lower()
    if matched := re.fullmatch(r"(?:decimal|numeric)\((\d+),\s*(\d+)\)", name):
        return f"decimal({matched[1]},{matched[2]})"
    plain = re.sub(r"\(\d+\)", "", name)
    return _TYPES.get(plain, "text")
