{#-
  The surrogate key of the unknown member, which every dimension has: facts point to it whose own
  value is missing, or is one that the dimension does not know.
-#}
{% macro unknown_key() -%}
    cast('00000000-0000-0000-0000-000000000000' as uuid)
{%- endmacro %}
