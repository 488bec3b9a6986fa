{#-
  Ends a step whose values are computed once. PostgreSQL would put each expression in place of its
  name in the steps that follow, and compute it again at every mention; it stops at an offset.
-#}
{% macro computed_once() -%}
    {%- if target.type == 'postgres' -%}offset 0{%- endif -%}
{%- endmacro %}
