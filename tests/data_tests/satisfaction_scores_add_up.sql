-- Every answer, mention and contact is counted once, with its day, its channel and its kind; and
-- what gold divides are the sums of silver.
with feedback as (
    select
        submission_date as date,
        channel,
        contact_type as interaction_type,
        count(*) as entries,
        sum(rating) as rating_sum,
        count(rating) as ratings,
        sum(sentiment_score) as sentiment_sum,
        count(sentiment_score) as sentiments,
        sum(case when recommend >= 9 then 1 when recommend <= 6 then -1 else 0 end) as promoters,
        count(recommend) as recommendations
    from {{ ref('ces_clean_feedback') }}
    group by submission_date, channel, contact_type
),

contacts as (
    select
        opened_date as date,
        channel,
        interaction_type,
        count(*) as entries,
        count(first_response_at) as answered,
        sum(case when resolution_status = 'resolved' then 1 else 0 end) as resolved,
        sum(case when is_escalated then 1 else 0 end) as escalated,
        sum(resolution_hours) as hours,
        count(resolution_hours) as timed
    from {{ ref('ces_clean_interactions') }}
    group by opened_date, channel, interaction_type
),

silver as (
    select
        coalesce(feedback.date, contacts.date) as date,
        coalesce(feedback.channel, contacts.channel) as channel,
        coalesce(feedback.interaction_type, contacts.interaction_type) as interaction_type,
        coalesce(feedback.entries, 0) + coalesce(contacts.entries, 0) as entries,
        feedback.rating_sum,
        feedback.ratings,
        feedback.sentiment_sum,
        feedback.sentiments,
        feedback.promoters,
        feedback.recommendations,
        contacts.entries as contacts,
        contacts.answered,
        contacts.resolved,
        contacts.escalated,
        contacts.hours,
        contacts.timed
    from feedback
    full outer join contacts
        on
            feedback.date = contacts.date
            and feedback.channel = contacts.channel
            and feedback.interaction_type = contacts.interaction_type
),

gold as (
    select * from {{ ref('ces_kpi_satisfaction_scores') }}
)

select
    coalesce(silver.date, gold.date) as date,
    coalesce(silver.channel, gold.channel) as channel,
    coalesce(silver.interaction_type, gold.interaction_type) as interaction_type
from silver
full outer join gold
    on
        silver.date = gold.date
        and silver.channel = gold.channel
        and silver.interaction_type = gold.interaction_type
where
    silver.entries is distinct from gold.total_interactions
    or {{ ratio('silver.rating_sum', 'silver.ratings', 2) }} is distinct from gold.avg_rating
    or {{ ratio('silver.sentiment_sum', 'silver.sentiments', 4) }}
    is distinct from gold.avg_sentiment_score
    or {{ ratio('10 * silver.promoters', 'silver.recommendations', 2) }}
    is distinct from gold.nps_score
    or {{ ratio('silver.answered', 'silver.contacts', 4) }} is distinct from gold.response_rate
    or {{ ratio('silver.resolved', 'silver.contacts', 4) }} is distinct from gold.resolution_rate
    or {{ ratio('silver.escalated', 'silver.contacts', 4) }} is distinct from gold.escalation_rate
    or {{ ratio('silver.hours', 'silver.timed', 2) }} is distinct from gold.avg_resolution_time
