-- One row per contact with the help desk, as its newest record has it.
with records as (
    select *
    from {{ ref('ces_interactions_parsed') }}
    where reason is null
),

-- What changed last counts, also where the closing came before the opening.
ranked as (
    select
        *,
        min(ingested_at) over (partition by interaction_id) as first_ingested_at,
        max(ingested_at) over (partition by interaction_id) as last_ingested_at,
        row_number() over (
            partition by interaction_id
            order by changed_at desc, _batch_id desc, _row_number desc
        ) as newest_rank
    from records
),

newest as (
    select
        *,
        {{ seconds_between('opened_at', 'first_response_at') }} as response_seconds,
        {{ seconds_between('opened_at', 'resolved_at') }} as resolution_seconds
    from ranked
    where newest_rank = 1
),

customers as (
    select
        customer_id_given,
        customer_id
    from {{ ref('scout_customer_crosswalk') }}
),

final as (
    select
        newest.interaction_id,
        {{ known_member('newest.customer_id_given', 'customers.customer_id', '(anonymous)') }}
            as customer_id,
        newest.interaction_type,
        newest.topic,
        newest.language,
        newest.customer_journey_stage,
        newest.transaction_id,
        cast(coalesce(newest.channel, '(unknown)') as varchar) as channel,
        cast(newest.opened_at as date) as opened_date,
        newest.opened_at,
        newest.first_response_at,
        newest.resolved_at,
        newest.resolution_status,
        newest.is_escalated,
        {{ ratio('newest.response_seconds', '3600', 4, 'decimal(18, 4)') }} as response_hours,
        {{ ratio('newest.resolution_seconds', '3600', 4, 'decimal(18, 4)') }} as resolution_hours,
        newest.agent,
        newest.medium,
        newest.customer_id_given,
        newest.first_ingested_at as created_at,
        newest.last_ingested_at as updated_at,
        newest.source_bronze_id,
        newest._batch_id
    from newest
    left join customers on newest.customer_id_given = customers.customer_id_given
)

select * from final
