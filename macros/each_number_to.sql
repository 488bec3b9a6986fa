{#-
  The whole numbers from 0 to `last`, as a column of a select list: one row for each of them.
-#}
{% macro each_number_to(last) -%}
    {{ by_target(
        duckdb='unnest(generate_series(0, ' ~ last ~ '))',
        postgres='generate_series(0, ' ~ last ~ ')'
    ) }}
{%- endmacro %}
