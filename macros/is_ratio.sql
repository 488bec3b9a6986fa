{#-
  Whether `value` is `numerator / denominator`, rounded half away from zero. Where the denominator is
  zero or one of them is null, only null is. Never null itself.

  The denominator is multiplied by the value: that is exact on every target, and much cheaper than an
  exact division. A test that asks this also finds what `ratio` itself gets wrong.

  Arguments:
    value: SQL for a decimal with `digits` decimal places.
    numerator, denominator: SQL for whole numbers or decimals.
    digits: how many decimal places the ratio has.
-#}
{% macro is_ratio(value, numerator, denominator, digits) -%}
    {%- set product = '(' ~ value ~ ') * (' ~ denominator ~ ')' -%}
    {%- set twice_the_rest = '2' ~ '0' * digits ~ ' * abs(' ~ product ~ ' - (' ~ numerator ~ '))' -%}
    case
        when ({{ numerator }}) is null or coalesce({{ denominator }}, 0) = 0 then ({{ value }}) is null
        when ({{ value }}) is null then false
        {#- Of two values that are equally near, the one farther from zero. #}
        when abs({{ product }}) > abs({{ numerator }}) then {{ twice_the_rest }} <= abs({{ denominator }})
        else {{ twice_the_rest }} < abs({{ denominator }})
    end
{%- endmacro %}
