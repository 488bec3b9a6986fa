{#-
  The names of the checks that a record fails, as an array of texts; empty where it fails none.

  Arguments:
    checks: a list of [name, SQL condition that is true for a record that fails]. A condition that
      is null counts as passed: what is unknown is not wrong.
-#}
{% macro failed_checks(checks) -%}
    {%- set open, close = ('array[', ']') if target.type == 'postgres' else ('[', ']') -%}
    {{ 'array_remove(' if target.type == 'postgres' else 'list_filter(' }}
        {{ open }}
        {%- for name, condition in checks %}
            case when {{ condition }} then cast('{{ name }}' as varchar) end{{ ',' if not loop.last }}
        {%- endfor %}
        {{ close }},
        {{ 'null' if target.type == 'postgres' else 'lambda each: each is not null' }}
    )
{%- endmacro %}

{#- How many entries an array has. -#}
{% macro array_size(expression) -%}
    {{ 'cardinality' if target.type == 'postgres' else 'len' }}({{ expression }})
{%- endmacro %}

{#-
  A record's quality: the share of its checks that it passes, from 0 to 1.

  Arguments:
    failed: the array of those it fails.
    checks: how many there are.
-#}
{% macro quality_score(failed, checks) -%}
    cast(round(1 - {{ array_size(failed) }} / cast({{ checks }} as decimal(18, 6)), 4) as decimal(18, 6))
{%- endmacro %}

{#- An array of texts as a JSON array. -#}
{% macro texts_as_json(expression) -%}
    {{ 'to_jsonb' if target.type == 'postgres' else 'to_json' }}({{ expression }})
{%- endmacro %}

{#- The entries of an array of texts as one text, with commas between them. -#}
{% macro joined_texts(expression) -%}
    array_to_string({{ expression }}, ', ')
{%- endmacro %}
