"""What a spec means once its columns are known: every open end settled, or named as a problem.

Where the spec leaves something open the rule is: an explicit parameter first, then the one reading
that the columns allow, else a problem that lists the candidates.
"""

from __future__ import annotations

from controlplane.errors import SpecError
from controlplane.generate.aggregations import aggregations
from controlplane.generate.deduplication import deduplications
from controlplane.generate.freshness import freshness_config
from controlplane.generate.joins import joins
from controlplane.generate.process import Process, Table, sentence
from controlplane.generate.resolver import OtherTable, Resolver, own_names, query_tables
from controlplane.generate.rules import rules
from controlplane.generate.steps import cleaning, source_filters, transformations
from controlplane.generate.target import check_history, key, order_column, partitioning
from controlplane.specs.etl import EtlProcess
from controlplane.specs.files import SpecFile
from controlplane.specs.source_schema import SourceSchema
from controlplane.sql import Column, find_column


def resolve(
    file: SpecFile[EtlProcess],
    schema: SourceSchema,
    spec_path: str,
    other_table: OtherTable = lambda _: None,
) -> Process:
    """The process of one spec with everything settled.

    Args:
        file: the spec with its lines.
        schema: what is known of its source.
        spec_path: how generated files name the spec: relative to the project.
        other_table: other processes' models by their names, for joins.

    Raises:
        SpecError: with every problem of the spec's expressions and columns.
    """
    spec = file.spec
    resolver = Resolver(file, schema, other_table)
    source_columns = _source_columns(resolver)
    tables = own_names(spec)
    filters = source_filters(resolver, source_columns)
    columns, changes = transformations(resolver, source_columns, tables)
    columns, cleanings = cleaning(resolver, columns, tables)
    found_key = key(resolver, columns)
    strategy = spec.target_config.load_strategy
    own = Table(spec.table_name, columns, found_key if strategy != "append" else ())
    if strategy == "scd2":
        own = Table(own.model, own.columns, own.key, has_history=True)
    found_joins = joins(resolver, own)
    process = Process(
        spec_path=spec_path,
        name=spec.name,
        slug=spec.slug,
        kind=spec.type,
        description=sentence(spec.description or spec.name),
        table=spec.table_name,
        schema=spec.target_config.schema_name,
        strategy=strategy,
        key=found_key,
        order_column=order_column(resolver, columns),
        source_columns=source_columns,
        columns=columns,
        descriptions=_descriptions(resolver),
        source_description=_source_description(spec),
        source_is_files=spec.source_config.is_file,
        steps=(*filters, *changes, *cleanings),
        rules=rules(resolver, columns, tables),
        deduplications=deduplications(resolver, columns),
        aggregations=aggregations(resolver, [own, *(join.table for join in found_joins)]),
        joins=found_joins,
        error_action=spec.error_handling.error_action,
        error_threshold=spec.error_handling.error_threshold,
        partitioning=partitioning(resolver, columns),
        reads_model=spec.source_config.model,
        freshness=freshness_config(spec.schedule),
    )
    check_history(resolver, columns)
    if resolver.problems:
        raise SpecError(resolver.problems)
    return process


def _source_columns(resolver: Resolver) -> tuple[Column, ...]:
    """The source's columns with the types that the spec declares, or else the source's own."""
    columns = [Column(column.name, column.type, column.title) for column in resolver.schema.columns]
    declared = {}
    for index, column in enumerate(resolver.spec.source_config.columns):
        found = resolver.column(f"source_config.columns[{index}].name", column.name, columns)
        if found and column.type:
            declared[found.name] = column.type
    return tuple(
        Column(column.name, declared.get(column.name, column.type), column.title)
        for column in columns
    )


def _descriptions(resolver: Resolver) -> dict[str, str]:
    """What the spec says of the source's columns, by their names in the models."""
    columns = [Column(column.name, column.type, column.title) for column in resolver.schema.columns]
    table = Table("", tuple(columns))
    return {
        find_column(column.name, columns).name: sentence(column.description)
        for column in resolver.spec.source_config.columns
        if column.description and table.has(column.name)
    }


def _source_description(spec: EtlProcess) -> str:
    source = spec.source_config
    if source.paths:
        return f"the files {', '.join(f'`{path}`' for path in source.paths)}"
    if source.table:
        return f"the table `{source.table}` of the source database"
    tables = query_tables(source.query)
    if tables:
        return f"a query over {', '.join(f'`{table}`' for table in tables)} of the source database"
    return f"the model `{source.model}`" if source.model else "its source"
