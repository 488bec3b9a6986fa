{#-
  PostgreSQL tables that are really divided: a model whose `meta.partitioning` says how is created
  with native partitions. dbt-postgres has no setting for it, so its way to create a table and its
  ways to add to one are extended here. Other models are created as ever.

  Every table has a default partition, so that no record is refused; a hash needs none. The names of
  partitions end with a part of the invocation's id, because the table of the last build, with its
  partitions, is still there while the next one is made.
-#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- set partitioning = config.get('meta', {}).get('partitioning') -%}
    {%- if temporary or not partitioning -%}
        {{ return(dbt.postgres__create_table_as(temporary, relation, sql)) }}
    {%- endif -%}
    {%- set rows = '"' ~ model.name ~ '__dbt_rows"' -%}
    {%- do run_query('drop table if exists pg_temp.' ~ rows) -%}
    {%- do run_query('create temporary table ' ~ rows ~ ' as ' ~ sql) -%}
    create table {{ relation }}
    {{ get_assert_columns_equivalent(sql) }}
    {{ get_table_columns_and_constraints() }}
    partition by {{ 'range' if partitioning.strategy == 'date_range' else partitioning.strategy }}
    ({{ partitioning.columns | join(', ') }});
    {% for bounds in partition_bounds(partitioning, 'pg_temp.' ~ rows) -%}
        {{ create_partition(relation, loop.index0, bounds) }}
    {% endfor -%}
    insert into {{ relation }} ({{ adapter.dispatch('get_column_names', 'dbt')() }})
    select {{ adapter.dispatch('get_column_names', 'dbt')() }} from pg_temp.{{ rows }};
    drop table pg_temp.{{ rows }}
{%- endmacro %}

{% macro postgres__get_incremental_append_sql(arg_dict) -%}
    {%- do add_partitions(arg_dict['target_relation'], arg_dict['temp_relation']) -%}
    {{ return(dbt.default__get_incremental_append_sql(arg_dict)) }}
{%- endmacro %}

{% macro postgres__get_incremental_delete_insert_sql(arg_dict) -%}
    {%- do add_partitions(arg_dict['target_relation'], arg_dict['temp_relation']) -%}
    {{ return(dbt.default__get_incremental_delete_insert_sql(arg_dict)) }}
{%- endmacro %}

{#- The statement for one partition of `relation`; `number` tells it from its neighbours. -#}
{% macro create_partition(relation, number, bounds) -%}
    {%- set name = model.alias ~ '_p' ~ number ~ '_' ~ invocation_id.split('-')[0] -%}
    create table {{ adapter.quote(relation.schema) }}.{{ adapter.quote(name) }}
    partition of {{ relation }} {{ bounds }};
{%- endmacro %}

{#-
  What each partition takes, as PostgreSQL writes it, for the rows of a table.

  Arguments:
    partitioning: strategy (hash, range, list or date_range), columns, and partitions (how many) or
      auto_partition (one for each value or month).
    rows: the table with the rows.
-#}
{% macro partition_bounds(partitioning, rows) -%}
    {%- set bounds = [] -%}
    {%- set count = partitioning.get('partitions') -%}
    {%- set columns = partitioning.columns | join(', ') -%}
    {%- if partitioning.strategy == 'hash' -%}
        {%- for remainder in range(count) -%}
            {%- do bounds.append(
                'for values with (modulus ' ~ count ~ ', remainder ' ~ remainder ~ ')'
            ) -%}
        {%- endfor -%}
        {{ return(bounds) }}
    {%- endif -%}
    {%- if partitioning.strategy == 'range' -%}
        {%- set first = partitioning.columns[0] -%}
        {%- set rest = ', minvalue' * (partitioning.columns | length - 1) -%}
        {%- set shares = [] -%}
        {%- for part in range(1, count) -%}{%- do shares.append(part / count) -%}{%- endfor -%}
        {%- set query -%}
            select quote_literal(edges.edge) as edge
            from (
                select distinct
                    unnest(
                        percentile_disc(cast(array{{ shares }} as double precision []))
                        within group (order by {{ first }})
                    ) as edge
                from {{ rows }}
            ) as edges
            where edges.edge is not null
            order by edges.edge
        {%- endset -%}
        {%- set edges = run_query(query).columns[0].values() | list -%}
        {%- set low = namespace(value='minvalue') -%}
        {%- for edge in edges -%}
            {%- do bounds.append(
                'for values from (' ~ low.value ~ rest ~ ') to (' ~ edge ~ rest ~ ')'
            ) -%}
            {%- set low.value = edge -%}
        {%- endfor -%}
        {%- do bounds.append(
            'for values from (' ~ low.value ~ rest ~ ') to (maxvalue'
            ~ ', maxvalue' * (partitioning.columns | length - 1) ~ ')'
        ) -%}
    {%- else -%}
        {%- for row in one_for_each(partitioning, rows).rows -%}
            {%- do bounds.append(row['bounds']) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do bounds.append('default') -%}
    {{ return(bounds) }}
{%- endmacro %}

{#-
  A partition's key and bounds for each value, or month, of the rows: all of them, or as many as
  there are to be partitions, the most frequent values or the newest months first.
-#}
{% macro one_for_each(partitioning, rows) -%}
    {%- set column = partitioning.columns[0] -%}
    {%- set limit = 'limit ' ~ partitioning.partitions if partitioning.get('partitions') else '' -%}
    {%- if partitioning.strategy == 'list' -%}
        {%- set query -%}
            select
                cast({{ column }} as text) as key,
                'for values in (' || quote_literal({{ column }}) || ')' as bounds
            from {{ rows }}
            where {{ column }} is not null
            group by {{ column }}
            order by count(*) desc, {{ column }}
            {{ limit }}
        {%- endset -%}
    {%- else -%}
        {%- set month = "date_trunc('month', cast(" ~ column ~ " as timestamp))" -%}
        {%- set query -%}
            select
                cast({{ month }} as text) as key,
                'for values from (' || quote_literal({{ month }}) || ') to ('
                || quote_literal({{ month }} + interval '1 month') || ')' as bounds
            from {{ rows }}
            where {{ column }} is not null
            group by {{ month }}
            order by {{ month }} desc
            {{ limit }}
        {%- endset -%}
    {%- endif -%}
    {{ return(run_query(query)) }}
{%- endmacro %}

{#- Give `target` a partition for each value or month of `rows` that none of its partitions takes. -#}
{% macro add_partitions(target, rows) -%}
    {%- set partitioning = config.get('meta', {}).get('partitioning', {}) -%}
    {%- if not partitioning.get('auto_partition') -%}{{ return(none) }}{%- endif -%}
    {#- PostgreSQL prints bounds as FOR VALUES IN ('a') and FROM ('2024-01-01') TO ('2024-02-01'). -#}
    {%- set query -%}
        select
            {% if partitioning.strategy == 'list' -%}
                replace(
                    regexp_replace(substring(bounds from 'IN \((.*)\)'), '^''|''$', '', 'g'),
                    '''''', ''''
                ) as key
            {%- else -%}
                cast(cast(substring(bounds from 'FROM \(''([^'']*)') as timestamp) as text) as key
            {%- endif %}
        from (
            select pg_get_expr(child.relpartbound, child.oid) as bounds
            from pg_inherits
            inner join pg_class as child on pg_inherits.inhrelid = child.oid
            where pg_inherits.inhparent = cast('{{ target }}' as regclass)
        ) as partitions
        where bounds <> 'DEFAULT'
    {%- endset -%}
    {%- set present = run_query(query).columns[0].values() | list -%}
    {%- for row in one_for_each(partitioning, rows).rows -%}
        {%- if row['key'] not in present -%}
            {%- set number = present | length ~ '_' ~ loop.index0 -%}
            {%- do run_query(create_partition(target, number, row['bounds'])) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
