{#- True where the text `expression` is a date of the calendar as YYYY-MM-DD, from year 1 on. -#}
{% macro is_date(expression) -%}
    {%- set thirty_one = '(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])' -%}
    {%- set thirty = '(0[469]|11)-(0[1-9]|[12][0-9]|30)' -%}
    {%- set february = '02-(0[1-9]|1[0-9]|2[0-8])' -%}
    {%- set leap_year = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)' -%}
    ({{ expression }} ~ '^([0-9]{4}-({{ thirty_one }}|{{ thirty }}|{{ february }})|{{ leap_year }}-02-29)$' and {{ expression }} >= '0001')
{%- endmacro %}
