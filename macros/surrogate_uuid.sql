{#-
  A UUID that is the same for the same values on every target and in every run.

  Arguments:
    parts: SQL expressions that together tell a record from all others.
-#}
{% macro surrogate_uuid(parts) -%}
    cast(md5(concat_ws('|', {{ parts | join(', ') }})) as uuid)
{%- endmacro %}
