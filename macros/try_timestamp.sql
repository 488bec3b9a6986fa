{#-
  A moment in one of the ways in which the source systems write it, in UTC; null where it is none.

  Read are ISO dates and times (`2025-03-31 14:05:00`, `2025-03-31T14:05:00Z`), day first with dots
  (`31.03.2025 14:05:00`) and month first with slashes on a clock of twelve hours
  (`03/31/2025 02:05:00 PM`); each also as a date alone.
-#}
{% macro try_timestamp(expression) -%}
    {%- set text = 'trim(' ~ expression ~ ", ' ')" -%}
    {%- set dotted = (
        'substr(' ~ text ~ ", 7, 4) || '-' || substr(" ~ text ~ ", 4, 2) || '-' || substr("
        ~ text ~ ', 1, 2) || substr(' ~ text ~ ', 11)'
    ) -%}
    {%- set slashed = (
        'substr(' ~ text ~ ", 7, 4) || '-' || substr(" ~ text ~ ", 1, 2) || '-' || substr("
        ~ text ~ ', 4, 2)'
    ) -%}
    {%- set hour = 'cast(substr(' ~ text ~ ', 12, 2) as integer) % 12' -%}
    case
        when {{ text }} ~ '^[0-9]{2}[.][0-9]{2}[.][0-9]{4}.*$'
            then {{ try_cast('(' ~ dotted ~ ')', 'timestamp') }}
        when {{ text }} ~ '^[0-9]{2}/[0-9]{2}/[0-9]{4}$'
            then {{ try_cast('(' ~ slashed ~ ')', 'timestamp') }}
        when {{ text }} ~ '^[0-9]{2}/[0-9]{2}/[0-9]{4} (0[0-9]|1[0-2]):[0-5][0-9]:[0-5][0-9] [AP]M$'
            then
                {{ try_cast('(' ~ slashed ~ ')', 'timestamp') }}
                + ({{ hour }} + case when {{ text }} like '%PM' then 12 else 0 end) * interval '1 hour'
                + cast(substr({{ text }}, 15, 2) as integer) * interval '1 minute'
                + cast(substr({{ text }}, 18, 2) as integer) * interval '1 second'
        else {{ try_cast(expression, 'timestamp') }}
    end
{%- endmacro %}
