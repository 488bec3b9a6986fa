{#-
  The last nine digits of a text, as a whole number; 0 where it has none. Of the numbers that a source
  gives its records one after the other, it keeps the order.
-#}
{% macro digits_of(text) -%}
    cast(
        coalesce(nullif(right(regexp_replace({{ text }}, '[^0-9]', '', 'g'), 9), ''), '0') as bigint
    )
{%- endmacro %}
