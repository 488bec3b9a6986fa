{#-
  A UUID that is the same for the same values on every target and in every run.

  Arguments:
    parts: SQL expressions that together tell a record from all others.
    number: SQL for a whole number below 2^32 that grows with the records, such as the batch that brought
      them. The UUID begins with it then, so that the key's index takes in what is new in one place,
      and not in as many as there are records.
-#}
{% macro surrogate_uuid(parts, number=none) -%}
    {%- set hash = "md5(concat_ws('|', " ~ parts | join(', ') ~ '))' -%}
    {%- if number -%}
        cast(lpad(to_hex({{ number }}), 8, '0') || substr({{ hash }}, 9) as uuid)
    {%- else -%}
        cast({{ hash }} as uuid)
    {%- endif -%}
{%- endmacro %}
