-- What happened on the web is what its record says.
{%- set told = [
    'event_id', 'event_type', 'occurred_at', 'session_id', 'customer_id_given', 'weight', 'channel',
    'region', 'product_id_given', 'search_query', 'order_id', 'order_value', 'currency'
] %}

select events.event_id
from {{ ref('scout_clean_events') }} as events
left join {{ ref('scout_events_parsed') }} as records
    on events.source_bronze_id = records.source_bronze_id
where
    records.source_bronze_id is null
    {%- for name in told %}
        or records.{{ name }} is distinct from events.{{ name }}
    {%- endfor %}
