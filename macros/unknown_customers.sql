{#-
  The members of the customers that stand for nobody in particular, as a select statement: one for
  sales without a customer, one for those of an id that the CRM does not know.

  Columns: `customer_id`, `last_name`, `customer_tier`, `created_at`.
-#}
{% macro unknown_customers() -%}
    {%- for id, name in [
        ('(anonymous)', 'Anonymous customer'), ('(unknown)', 'Unknown customer')
    ] %}
    select
        cast('{{ id }}' as varchar) as customer_id,
        cast('{{ name }}' as varchar) as last_name,
        cast('unknown' as varchar) as customer_tier,
        timestamp '1970-01-01 00:00:00' as created_at
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
