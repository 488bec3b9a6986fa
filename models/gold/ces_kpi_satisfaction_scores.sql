{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['date', 'channel', 'interaction_type'],
    on_schema_change='fail'
) }}

-- One row per day, channel and kind of contact with an answer, a mention or a contact.
with feedback as (
    select
        submission_date as date,
        channel,
        contact_type as interaction_type,
        rating,
        sentiment_score,
        recommend,
        cast(null as varchar) as resolution_status,
        cast(null as timestamp) as first_response_at,
        cast(null as decimal(18, 4)) as resolution_hours,
        cast(null as boolean) as is_escalated,
        false as is_contact,
        created_at,
        created_at as updated_at
    from {{ ref('ces_clean_feedback') }}
),

contacts as (
    select
        opened_date as date,
        channel,
        interaction_type,
        cast(null as decimal(18, 6)) as rating,
        cast(null as decimal(18, 6)) as sentiment_score,
        cast(null as integer) as recommend,
        resolution_status,
        first_response_at,
        resolution_hours,
        is_escalated,
        true as is_contact,
        created_at,
        updated_at
    from {{ ref('ces_clean_interactions') }}
),

together as (
    select * from feedback
    union all
    select * from contacts
),

totals as (
    select
        date,
        channel,
        interaction_type,
        count(*) as total_interactions,
        sum(rating) as rating_sum,
        count(rating) as ratings,
        sum(sentiment_score) as sentiment_sum,
        count(sentiment_score) as sentiments,
        count(case when recommend >= 9 then 1 end) as promoters,
        count(case when recommend <= 6 then 1 end) as detractors,
        count(recommend) as recommendations,
        count(case when is_contact then 1 end) as contacts,
        count(first_response_at) as answered,
        count(case when resolution_status = 'resolved' then 1 end) as resolved,
        sum(resolution_hours) as resolution_hours,
        count(resolution_hours) as timed,
        count(case when is_escalated then 1 end) as escalated,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from together
    group by date, channel, interaction_type
),

final as (
    select
        date,
        cast(channel as varchar) as channel,
        cast(interaction_type as varchar) as interaction_type,
        {{ ratio('rating_sum', 'ratings', 2, 'decimal(3, 2)') }} as avg_rating,
        {{ ratio('sentiment_sum', 'sentiments', 4, 'decimal(5, 4)') }} as avg_sentiment_score,
        {{ ratio('answered', 'contacts', 4, 'decimal(5, 4)') }} as response_rate,
        {{ ratio('resolved', 'contacts', 4, 'decimal(5, 4)') }} as resolution_rate,
        {{ ratio('resolution_hours', 'timed', 2, 'decimal(8, 2)') }} as avg_resolution_time,
        {{ ratio('(10 * (promoters - detractors))', 'recommendations', 2, 'decimal(4, 2)') }}
            as nps_score,
        cast(total_interactions as integer) as total_interactions,
        {{ ratio('escalated', 'contacts', 4, 'decimal(5, 4)') }} as escalation_rate,
        created_at,
        updated_at
    from totals
)

select * from final
