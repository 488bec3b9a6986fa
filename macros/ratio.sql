{#-
  `numerator / denominator`, rounded half away from zero: exactly, on every target. Null where the
  denominator is zero or one of them is null. DuckDB divides decimals as floating-point numbers, in
  which 10.01 / 2 is a little less than 5.005; so there the quotient is taken of whole numbers.

  Arguments:
    numerator, denominator: SQL for numbers with at most six decimal places.
    digits: how many decimal places the answer has.
    type: the type of the answer; default: a decimal of 38 digits.
-#}
{% macro ratio(numerator, denominator, digits, type=none) -%}
    {%- set type = type or 'decimal(38, ' ~ digits ~ ')' -%}
    {%- if target.type == 'postgres' -%}
        cast(
            round(cast({{ numerator }} as numeric) / nullif(cast({{ denominator }} as numeric), 0), {{ digits }})
            as {{ type }}
        )
    {%- else -%}
        {%- set above = '(' ~ whole_millionths(numerator) ~ ' * ' ~ '1' ~ '0' * digits ~ ')' -%}
        {%- set below = whole_millionths(denominator) -%}
        {%- set unit = '0.' ~ '0' * (digits - 1) ~ '1' if digits else '1' -%}
        cast(
            cast(
                sign({{ above }}) * sign({{ below }})
                * ((2 * abs({{ above }}) + abs({{ below }})) // (2 * nullif(abs({{ below }}), 0)))
                as decimal({{ 38 - digits }}, 0)
            ) * cast({{ unit }} as decimal({{ digits + 1 }}, {{ digits }}))
            as {{ type }}
        )
    {%- endif -%}
{%- endmacro %}

{% macro whole_millionths(expression) -%}
    cast(cast({{ expression }} as decimal(26, 6)) * 1000000 as hugeint)
{%- endmacro %}
