{#- Whole seconds from one timestamp to another; below zero where the second comes first. -#}
{% macro seconds_between(first, second) -%}
    {%- if target.type == 'postgres' -%}
        cast(
            extract(epoch from date_trunc('second', {{ second }}) - date_trunc('second', {{ first }}))
            as bigint
        )
    {%- else -%}
        date_diff('second', {{ first }}, {{ second }})
    {%- endif -%}
{%- endmacro %}
