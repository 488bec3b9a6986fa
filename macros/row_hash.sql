{#-
  A number that stands for the values of a row; the sum of those of many rows stands for the rows. A
  model keeps it beside what it made of them, to see later whether they are still the same. Targets
  give different numbers, and so may versions of a target: then everything counts as changed once.

  Arguments:
    columns: SQL expressions.
-#}
{% macro row_hash(columns) -%}
    {%- if target.type == 'postgres' -%}
        cast(
            hashtextextended(
                concat_ws(
                    '|'
                    {%- for column in columns %}, coalesce(cast({{ column }} as text), '~'){% endfor -%}
                ),
                0
            ) as numeric
        )
    {%- else -%}
        cast(hash({{ columns | join(', ') }}) as hugeint)
    {%- endif -%}
{%- endmacro %}
