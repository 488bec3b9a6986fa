-- One row per campaign, as its newest record has it, and two for sales without a known one.
with records as (
    select *
    from {{ ref('scout_campaigns_parsed') }}
    where reason is null
),

-- What changed last counts, also where it came in another order.
ranked as (
    select
        *,
        min(ingested_at) over (partition by campaign_id) as first_ingested_at,
        max(ingested_at) over (partition by campaign_id) as last_ingested_at,
        row_number() over (
            partition by campaign_id
            order by changed_at desc, _batch_id desc, _row_number desc
        ) as newest_rank
    from records
),

newest as (
    select *
    from ranked
    where newest_rank = 1
),

spending as (
    select
        campaign_id,
        sum(spend) as spent,
        max(updated_at) as updated_at
    from {{ ref('scout_campaign_performance') }}
    group by campaign_id
),

campaigns as (
    select
        newest.campaign_id,
        newest.campaign_name,
        newest.campaign_type,
        newest.start_date,
        newest.end_date,
        newest.budget,
        cast(coalesce(spending.spent, 0) as decimal(12, 2)) as spent,
        newest.target_audience,
        newest.creative_elements,
        newest.channels,
        newest.objectives,
        newest.kpi_targets,
        newest.status,
        newest.first_ingested_at as created_at,
        greatest(newest.last_ingested_at, coalesce(spending.updated_at, newest.last_ingested_at))
            as updated_at,
        newest.source_bronze_id,
        newest.attribution_model
    from newest
    left join spending on newest.campaign_id = spending.campaign_id
),

named_members as (
    select
        '(none)' as campaign_id,
        'No campaign' as campaign_name
    union all
    select
        '(unknown)' as campaign_id,
        'A campaign that the platform does not know' as campaign_name
),

final as (
    select * from campaigns
    union all
    select
        cast(named_members.campaign_id as varchar) as campaign_id,
        cast(named_members.campaign_name as varchar) as campaign_name,
        cast('named_member' as varchar) as campaign_type,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        cast(0 as decimal(12, 2)) as budget,
        cast(coalesce(spending.spent, 0) as decimal(12, 2)) as spent,
        cast(null as {{ json_type_name() }}) as target_audience,
        cast(null as {{ json_type_name() }}) as creative_elements,
        {{ no_texts() }} as channels,
        {{ no_texts() }} as objectives,
        cast(null as {{ json_type_name() }}) as kpi_targets,
        cast('named_member' as varchar) as status,
        timestamp '1970-01-01 00:00:00' as created_at,
        timestamp '1970-01-01 00:00:00' as updated_at,
        cast(null as uuid) as source_bronze_id,
        cast(null as varchar) as attribution_model
    from named_members
    left join spending on named_members.campaign_id = spending.campaign_id
)

select * from final
