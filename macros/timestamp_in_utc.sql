{#-
  The text `expression`, a valid ISO 8601 date and time, as a timestamp in UTC. Text without an
  offset is taken as UTC already; a plain cast would leave an offset out without a word.
-#}
{% macro timestamp_in_utc(expression) -%}
    case
        when substr({{ expression }}, 11) ~ '^.*(Z|[+-][0-9:]+)$'
            then cast({{ expression }} as timestamp with time zone) at time zone 'UTC'
        else cast({{ expression }} as timestamp)
    end
{%- endmacro %}
