{#-
  Whether a moment cannot be right: there is none, it is from before this century, or it is more than
  a day later than the load that brought it, which no time zone and no clock of a till explains. For
  the checks of a bronze model, where `_loaded_at` is at hand.

  Arguments:
    moment: SQL for a timestamp or a date.
-#}
{% macro impossible_time(moment) -%}
    coalesce({{ moment }} not between timestamp '2000-01-01' and _loaded_at + interval '1 day', true)
{%- endmacro %}
