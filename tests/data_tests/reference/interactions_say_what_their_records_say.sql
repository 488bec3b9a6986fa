-- A contact says what its newest record says, and is the customer's whom the record names.
{%- set told = [
    'interaction_id', 'interaction_type', 'topic', 'language', 'transaction_id', 'opened_at',
    'first_response_at', 'resolved_at', 'resolution_status', 'is_escalated', 'agent', 'medium',
    'customer_id_given'
] %}

with records as (
    select * from {{ ref('ces_interactions_parsed') }}
    where reason is null
),

newest as (
    select
        interaction_id,
        max(changed_at) as changed_at
    from records
    group by interaction_id
)

select coalesce(contacts.interaction_id, newest.interaction_id) as interaction_id
from {{ ref('ces_clean_interactions') }} as contacts
full outer join newest on contacts.interaction_id = newest.interaction_id
left join records on contacts.source_bronze_id = records.source_bronze_id
left join {{ ref('scout_customer_crosswalk') }} as customers
    on contacts.customer_id_given = customers.customer_id_given
where
    newest.changed_at is distinct from records.changed_at
    or contacts.customer_id
    <> {{ known_member('contacts.customer_id_given', 'customers.customer_id', '(anonymous)') }}
    or coalesce(records.channel, '(unknown)') <> contacts.channel
    or cast(contacts.opened_at as date) is distinct from contacts.opened_date
    {%- for name in told %}
        or records.{{ name }} is distinct from contacts.{{ name }}
    {%- endfor %}
