{#- The text `expression` as JSON, or null where it is not valid JSON. -#}
{% macro try_cast_json(expression) -%}
    {{ return(adapter.dispatch('try_cast_json', 'databank')(expression)) }}
{%- endmacro %}

{#- DuckDB takes NaN and Infinity, which are no JSON: looked for outside the quoted texts. -#}
{% macro default__try_cast_json(expression) -%}
    case
        when
            json_valid({{ expression }})
            and not regexp_matches(
                regexp_replace({{ expression }}, '"([^"\\]|\\.)*"', '', 'g'), '(?i)nan|inf'
            )
            then cast({{ expression }} as json)
    end
{%- endmacro %}

{% macro postgres__try_cast_json(expression) -%}
    case when pg_input_is_valid({{ expression }}, 'json') then cast({{ expression }} as json) end
{%- endmacro %}
