-- Generated from specs/etl/support_interactions.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'support_interactions') }}
),

records as (
    select
        interaction_id,
        type,
        topic,
        language,
        journey_stage,
        customer,
        about,
        opened_at,
        first_response_at,
        resolved_at,
        resolution_status,
        escalated,
        agent,
        touchpoints,
        attribution,
        updated_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
