{#-
  Several values inside of a JSON column at once, for the step before the one that takes each out with
  `json_field`: DuckDB reads all of the JSON anew for every `json_text`.

  Arguments:
    column: SQL that gives JSON.
    paths: for each value the names on the way to it, with dots between them.
-#}
{% macro json_fields(column, paths) -%}
    {%- if target.type == 'postgres' -%}
        {{ column }}
    {%- else -%}
        json_extract_string({{ column }}, [
            {%- for path in paths %}'$.{{ path }}'{{ ', ' if not loop.last }}{% endfor -%}
        ])
    {%- endif -%}
{%- endmacro %}

{#-
  One of the values as text; null where it is not there.

  Arguments:
    fields: SQL that gives what `json_fields` gave.
    paths: the same paths.
    path: the one to take out.
-#}
{% macro json_field(fields, paths, path) -%}
    {%- if path not in paths -%}
        {{ exceptions.raise_compiler_error(
            "json_field: no path '" ~ path ~ "' (has: " ~ paths | join(', ') ~ ')'
        ) }}
    {%- elif target.type == 'postgres' -%}
        {{ json_text(fields, path) }}
    {%- else -%}
        {{ fields }}[{{ paths.index(path) + 1 }}]
    {%- endif -%}
{%- endmacro %}
