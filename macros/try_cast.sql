{#-
  The text `expression` as `type`, or null where it cannot be read as one: the same answer on every
  target, since the text is checked with regular expressions before a plain cast reads it.

  Arguments:
    expression: SQL that gives text.
    type: integer, bigint, double precision, boolean, date, timestamp, time, uuid, json or
      decimal(p, s). Times with an offset become UTC. Blank text is null.
-#}
{% macro try_cast(expression, type) -%}
    {%- set kind = type.split('(')[0] | trim | lower -%}
    {#- It is said which character, since DuckDB would take other scripts' blanks off as well. -#}
    {%- set text = "trim(" ~ expression ~ ", ' ')" -%}
    {%- if kind == 'integer' -%}
        case
            when {{ text }} ~ '^[+-]?[0-9]{1,18}$'
                then case
                    when cast({{ text }} as bigint) between -2147483648 and 2147483647
                        then cast({{ text }} as integer)
                end
        end
    {%- elif kind == 'bigint' -%}
        {#- DuckDB reads a decimal of 38 digits forty times slower than a bigint. #}
        case
            when {{ text }} ~ '^[+-]?[0-9]{1,18}$' then cast({{ text }} as bigint)
            when {{ text }} ~ '^[+-]?0*[0-9]{1,19}$'
                then case
                    when
                        cast({{ text }} as decimal(38, 0))
                        between -9223372036854775808 and 9223372036854775807
                        then cast({{ text }} as bigint)
                end
        end
    {%- elif kind == 'decimal' -%}
        {%- set digits = type.split('(')[1].split(')')[0].split(',') -%}
        {%- set precision = digits[0] | int -%}
        {%- set scale = digits[1] | int -%}
        {#- At 38 digits there is no room to see a rounding that overflows: one digit less; and where
            all of them are behind the point, no rounding. -#}
        {%- set whole = [[precision - scale, 37 - scale] | min, 0] | max -%}
        {%- set fraction = '{0,38}' if scale == 38 else '*' -%}
        {#- Without the outer cast PostgreSQL would forget the digits of a `case`. -#}
        cast(
            case
                {%- if precision < 38 and 0 < scale < precision %}
                {#- What fits as it is needs no look at 38 digits, which DuckDB reads much slower. #}
                when {{ text }} ~ '^[+-]?[0-9]{1,{{ precision - scale }}}([.][0-9]{1,{{ scale }}})?$'
                    then cast({{ text }} as decimal({{ precision }}, {{ scale }}))
                {%- endif %}
                when {{ text }} ~ '^[+-]?0*[0-9]{0,{{ whole }}}([.][0-9]{{ fraction }})?$' and {{ text }} ~ '^.*[0-9].*$'
                    {% if scale == 38 -%}
                    then cast({{ text }} as decimal(38, 38))
                    {%- else -%}
                    then case
                        when abs(cast({{ text }} as decimal(38, {{ scale }}))) < {{ '1' ~ '0' * whole }}
                            then cast({{ text }} as decimal({{ precision }}, {{ scale }}))
                    end
                    {%- endif %}
            end as decimal({{ precision }}, {{ scale }})
        )
    {%- elif kind == 'double precision' -%}
        case
            when
                {{ text }} ~ '^[+-]?([0-9]{1,200}([.][0-9]*)?|[.][0-9]+)$'
                or {{ text }} ~ '^[+-]?([0-9]([.][0-9]*)?|[.][0-9]+)[eE][+-]?([0-9]{1,2}|[12][0-9]{2}|30[0-7])$'
                then cast({{ text }} as double precision) + 0  {# no minus before zero #}
        end
    {%- elif kind == 'boolean' -%}
        case
            when lower({{ text }}) in ('true', 't', 'yes', 'y', '1') then true
            when lower({{ text }}) in ('false', 'f', 'no', 'n', '0') then false
        end
    {%- elif kind == 'date' -%}
        case
            when {{ is_date(text) }} then cast({{ text }} as date)
        end
    {%- elif kind == 'timestamp' -%}
        {%- set day = 'substr(' ~ text ~ ', 1, 10)' -%}
        {%- set minutes = '[T ]([01][0-9]|2[0-3]):[0-5][0-9]' -%}
        {%- set seconds = ':[0-5][0-9]([.][0-9]{1,6})?' -%}
        {%- set offset = '(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)' -%}
        case
            when not {{ is_date(day) }} then null
            when substr({{ text }}, 11) ~ '^({{ minutes }}({{ seconds }})?)?$'
                then cast({{ text }} as timestamp)
            {# A plain cast would leave an offset out without a word; and at either end of the calendar
               it leads out of it. #}
            when
                substr({{ text }}, 11) ~ '^{{ minutes }}{{ seconds }}{{ offset }}$'
                and {{ day }} not in ('0001-01-01', '9999-12-31')
                then cast({{ text }} as timestamp with time zone) at time zone 'UTC'
        end
    {%- elif kind == 'time' -%}
        case
            when {{ text }} ~ '^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?$'
                then cast({{ text }} as time)
        end
    {%- elif kind == 'uuid' -%}
        case
            when {{ text }} ~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'
                then cast({{ text }} as uuid)
        end
    {%- elif kind == 'json' -%}
        {{ try_cast_json(expression) }}
    {%- elif kind == 'text' -%}
        {{ expression }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "try_cast: no type '" ~ type ~ "' (has: integer, bigint, double precision, boolean, date, "
            ~ "timestamp, time, uuid, json, text, decimal(p, s))"
        ) }}
    {%- endif -%}
{%- endmacro %}
