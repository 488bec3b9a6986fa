{#- The text `expression` as JSON, or null where it is not valid JSON. -#}
{% macro try_cast_json(expression) -%}
    {{ return(adapter.dispatch('try_cast_json', 'databank')(expression)) }}
{%- endmacro %}

{#-
  DuckDB takes NaN, Infinity and a comma after the last item, which are no JSON: they are looked for
  where every quoted text is put aside.
-#}
{% macro default__try_cast_json(expression) -%}
    case
        when
            json_valid({{ expression }})
            and not regexp_matches(
                regexp_replace({{ expression }}, '"([^"\\]|\\.)*"', '0', 'g'),
                '(?i)nan|inf|,[ \t\r\n]*[\]}]'
            )
            then cast({{ expression }} as json)
    end
{%- endmacro %}

{#- PostgreSQL takes half of a surrogate pair, which stands for no character. -#}
{% macro postgres__try_cast_json(expression) -%}
    {%- set high = '\\\\u[dD][89abAB][0-9a-fA-F]{2}' -%}
    {%- set low = '\\\\u[dD][c-fC-F][0-9a-fA-F]{2}' -%}
    case
        when
            pg_input_is_valid({{ expression }}, 'json')
            and replace({{ expression }}, '\\', '') !~ '{{ high }}(?!{{ low }})|(?<!{{ high }}){{ low }}'
            then cast({{ expression }} as json)
    end
{%- endmacro %}
