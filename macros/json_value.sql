{#-
  A value inside of a JSON column as JSON; null where it is not there.

  Arguments:
    column: SQL that gives JSON.
    path: the names on the way to the value, with dots between them.
-#}
{% macro json_value(column, path) -%}
    {%- if target.type == 'postgres' -%}
        {{ column }} #> '{{ '{' ~ path.replace('.', ',') ~ '}' }}'
    {%- else -%}
        json_extract({{ column }}, '$.{{ path }}')
    {%- endif -%}
{%- endmacro %}

{#- True where the JSON `expression` is an array; null where there is none. -#}
{% macro json_is_array(expression) -%}
    {%- if target.type == 'postgres' -%}
        jsonb_typeof({{ expression }}) = 'array'
    {%- else -%}
        json_type({{ expression }}) = 'ARRAY'
    {%- endif -%}
{%- endmacro %}

{#- The JSON type of a target, for a cast of null. -#}
{% macro json_type_name() -%}
    {{ 'jsonb' if target.type == 'postgres' else 'json' }}
{%- endmacro %}
