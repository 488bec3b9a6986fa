-- A field that fails its check in more than a twentieth of a batch's records (of a hundred or
-- more) is not some customers' fault: the CRM writes it in another way.
{%- set fields = [
    'customer_id', 'first_name', 'last_name', 'email', 'phone', 'birth_date', 'gender', 'address',
    'registration_date', 'tier', 'preferred_channel', 'marketing_consent', 'updated_at'
] %}

with counted as (
    {%- for field in fields %}
        select
            _batch_id,
            '{{ field }}' as field,
            count(*) as records,
            count(case when '{{ field }}' = any(quality_flags) then 1 end) as faults
        from {{ ref('scout_raw_customers') }}
        group by _batch_id
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
)

select *
from counted
where records >= 100 and faults * 20 > records
