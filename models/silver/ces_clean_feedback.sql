-- One row per answer to a survey and per mention in public. A table: who a customer is and how a
-- contact ended may change after the feedback came. The costly part, the words, is read once.
with records as (
    select *
    from {{ ref('ces_feedback_parsed') }}
    where reason is null
),

-- An answer that comes again says nothing new: the first record of it stays.
ranked as (
    select
        *,
        row_number() over (
            partition by feedback_source, source_feedback_id
            order by _batch_id, _row_number
        ) as first_rank
    from records
),

feedback as (
    select *
    from ranked
    where first_rank = 1
),

sentiment as (
    select * from {{ ref('ces_feedback_sentiment') }}
),

interactions as (
    select * from {{ ref('ces_clean_interactions') }}
),

customers as (
    select
        customer_id_given,
        customer_id
    from {{ ref('scout_customer_crosswalk') }}
),

joined as (
    select
        feedback.*,
        {{ known_member('feedback.customer_id_given', 'customers.customer_id', '(anonymous)') }}
            as customer_id,
        sentiment.sentiment_score,
        sentiment.sentiment_label,
        sentiment.categories,
        sentiment.key_topics,
        interactions.response_hours,
        interactions.interaction_type as contact_type,
        cast(
            case
                when feedback.interaction_id is null then 'no_contact'
                else coalesce(interactions.resolution_status, 'unknown')
            end as varchar
        ) as resolution_status
    from feedback
    left join sentiment on feedback.source_bronze_id = sentiment.source_bronze_id
    left join interactions on feedback.interaction_id = interactions.interaction_id
    left join customers on feedback.customer_id_given = customers.customer_id_given
),

final as (
    select
        {{ surrogate_uuid(["'ces_clean_feedback'", 'feedback_source', 'source_feedback_id']) }}
            as feedback_id,
        customer_id,
        feedback_text,
        rating,
        sentiment_score,
        sentiment_label,
        channel,
        interaction_type,
        cast(submitted_at as date) as submission_date,
        cast(response_hours as decimal(18, 6)) as response_time,
        resolution_status,
        categories,
        key_topics,
        cast(
            case
                when rating is null then 40 * (1 - coalesce(sentiment_score, 0))
                else 20 * (1 - coalesce(sentiment_score, 0)) + 10 * (5 - rating)
            end
            + case when resolution_status in ('open', 'unresolved') then 20 else 0 end
            as decimal(18, 6)
        ) as priority_score,
        ingested_at as created_at,
        source_bronze_id,
        feedback_source,
        source_feedback_id,
        recommend,
        language,
        cast(
            case
                when interaction_type = 'support' then coalesce(contact_type, 'support')
                else interaction_type
            end as varchar
        ) as contact_type,
        transaction_id,
        interaction_id,
        submitted_at,
        invited_at,
        customer_id_given,
        _batch_id
    from joined
)

select * from final
