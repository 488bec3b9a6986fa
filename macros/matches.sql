{#-
  True where the text `expression` holds a match of the regular expression `pattern` anywhere;
  null where the text is null. A point matches any character, a line's end too. Use the syntax that
  RE2 and PostgreSQL share.
-#}
{% macro matches(expression, pattern) -%}
    {{ return(adapter.dispatch('matches', 'databank')(expression, pattern)) }}
{%- endmacro %}

{% macro default__matches(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ pattern | replace("'", "''") }}', 's')
{%- endmacro %}

{% macro postgres__matches(expression, pattern) -%}
    {{ expression }} ~ '{{ pattern | replace("'", "''") }}'
{%- endmacro %}
