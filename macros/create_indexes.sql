{#-
  DuckDB needs no index of a model's `indexes`: it keeps the smallest and the largest value of every
  part of a column, and passes over the parts that a query cannot want. PostgreSQL makes them.
-#}
{% macro duckdb__create_indexes(relation) -%}
{%- endmacro %}
