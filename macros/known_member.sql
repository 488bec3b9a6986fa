{#-
  The key of a dimension's row for a key that a record gives: the row that was found, else the named
  member for keys that the dimension does not know, or the one for records that give no key.

  Arguments:
    given: SQL for what the record says.
    found: SQL for the dimension's key, null where there is no such row.
    without: the member for records that say nothing.
-#}
{% macro known_member(given, found, without) -%}
    cast(
        case
            when {{ given }} is null then '{{ without }}'
            else coalesce({{ found }}, '(unknown)')
        end as varchar
    )
{%- endmacro %}
