{#-
  One expression that is written differently on each target: the argument named like the target's
  type is the one that is used.
-#}
{% macro by_target(duckdb, postgres) -%}
    {%- if target.type == 'postgres' -%}{{ postgres }}{%- else -%}{{ duckdb }}{%- endif -%}
{%- endmacro %}
