{#-
  A UUID that is the same for the same values on every target and in every run.

  Arguments:
    parts: SQL expressions that together tell a record from all others.
    batch: SQL for the batch that brought the record. The UUID begins with it then, so that the key's
      index takes in a new batch in one place, and not in as many as there are records.
-#}
{% macro surrogate_uuid(parts, batch=none) -%}
    {%- set hash = "md5(concat_ws('|', " ~ parts | join(', ') ~ '))' -%}
    {%- if batch -%}
        cast(lpad(to_hex({{ batch }}), 8, '0') || substr({{ hash }}, 9) as uuid)
    {%- else -%}
        cast({{ hash }} as uuid)
    {%- endif -%}
{%- endmacro %}
