{#-
  DuckDB has no partitions: a model whose `meta.partitioning` names columns is stored in their order,
  so that a query for some of their values passes over most of the table. What an incremental model
  adds is in order by itself. Other models are created as ever.
-#}
{% macro duckdb__create_table_as(
    temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none
) -%}
    {%- set partitioning = config.get('meta', {}).get('partitioning') -%}
    {%- set code = compiled_code -%}
    {%- if partitioning and language == 'sql' -%}
        {%- set columns = partitioning.columns | join(', ') -%}
        {%- set code = 'select * from (\n' ~ code ~ '\n) as unordered\norder by ' ~ columns -%}
    {%- endif -%}
    {{ return(dbt.duckdb__create_table_as(
        temporary, relation, code, language, partitioned_by, sorted_by
    )) }}
{%- endmacro %}
