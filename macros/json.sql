{#-
  A JSON object of the pairs' values.

  Arguments:
    pairs: a list of [name, SQL expression]; PostgreSQL takes up to fifty of them.
-#}
{% macro json_object(pairs) -%}
    {%- set function = 'jsonb_build_object' if target.type == 'postgres' else 'json_object' -%}
    {{ function }}(
        {%- for name, expression in pairs %}
        '{{ name }}', {{ expression }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#-
  The record as it came, as one JSON object: every column's text under the column's name.

  Arguments:
    columns: the columns of the record.
    nested: those of them whose text is JSON itself, which `<column>_json` holds.
    masked: SQL for the columns that are not given as they came.
-#}
{% macro record_json(columns, nested=(), masked={}) -%}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- set plain = column ~ '_json' if column in nested else column -%}
        {%- do pairs.append([column, masked.get(column, plain)]) -%}
    {%- endfor -%}
    {{ json_object(pairs) }}
{%- endmacro %}

{#-
  A value inside of a JSON column as text; null where it is not there.

  Arguments:
    column: SQL that gives JSON.
    path: the names on the way to the value, with dots between them.
-#}
{% macro json_text(column, path) -%}
    {%- if target.type == 'postgres' -%}
        {{ column }} #>> '{{ '{' ~ path.replace('.', ',') ~ '}' }}'
    {%- else -%}
        json_extract_string({{ column }}, '$.{{ path }}')
    {%- endif -%}
{%- endmacro %}

{#- A JSON array of texts as an array of texts; empty where there is none. -#}
{% macro json_texts(expression) -%}
    {%- if target.type == 'postgres' -%}
        coalesce(
            (
                select array_agg(each.item order by each.place)
                from jsonb_array_elements_text({{ expression }}) with ordinality as each (item, place)
            ),
            cast(array[] as varchar[])
        )
    {%- else -%}
        coalesce(from_json({{ expression }}, '["VARCHAR"]'), cast([] as varchar[]))
    {%- endif -%}
{%- endmacro %}

{#-
  Text as the JSON type that can be searched and indexed, or null where it is no JSON. Text with the
  character NUL in it (`\u0000`) counts as none: PostgreSQL cannot store it.
-#}
{% macro try_cast_jsonb(expression) -%}
    {%- if target.type == 'postgres' -%}
        case when pg_input_is_valid({{ expression }}, 'jsonb') then cast({{ expression }} as jsonb) end
    {%- else -%}
        case when {{ expression }} not like '%\u0000%' then {{ try_cast_json(expression) }} end
    {%- endif -%}
{%- endmacro %}
