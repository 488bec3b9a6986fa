{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

{#- Of a customer, who may be named there, only the id is kept. -#}
{%- set masked = {
    'customer': 'case when customer_json is not null then '
        ~ json_object([['id', json_text('customer_json', 'id')]]) ~ ' end'
} if masks_pii() else {} %}

with help_desk as (
    {{ bronze_records(
        model='raw_support_interactions',
        source_system='support',
        columns=[
            'interaction_id', 'type', 'topic', 'language', 'journey_stage', 'customer', 'about',
            'opened_at', 'first_response_at', 'resolved_at', 'resolution_status', 'escalated',
            'agent', 'touchpoints', 'attribution', 'updated_at'
        ],
        nested=['customer', 'about', 'touchpoints', 'attribution'],
        read={
            'opened_at_read': try_timestamp('opened_at'),
            'first_response_at_read': try_timestamp('first_response_at'),
            'resolved_at_read': try_timestamp('resolved_at'),
            'updated_at_read': try_timestamp('updated_at')
        },
        masked=masked,
        checks=[
            ['interaction_id', 'interaction_id is null'],
            ['type', "coalesce(type, '') not in ('ticket', 'call', 'chat', 'email')"],
            ['opened_at', impossible_time('opened_at_read')],
            [
                'first_response_at',
                'coalesce(first_response_at_read < opened_at_read, '
                ~ 'first_response_at_read is null and first_response_at is not null)'
            ],
            [
                'resolved_at',
                'coalesce(resolved_at_read < opened_at_read, '
                ~ 'resolved_at_read is null and resolved_at is not null)'
            ],
            [
                'resolution_status',
                "coalesce(resolution_status, '') not in ('open', 'resolved', 'unresolved')"
            ],
            ['escalated', "coalesce(escalated, '') not in ('true', 'false')"],
            ['updated_at', impossible_time('updated_at_read')]
        ]
    ) }}
),

final as (
    select
        id,
        cast(type as varchar) as interaction_type,
        _payload as interaction_data,
        cast(journey_stage as varchar) as customer_journey_stage,
        touchpoints_json as touchpoint_data,
        _loaded_at as ingested_at,
        attribution_json as attribution_data,
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from help_desk
)

select * from final
