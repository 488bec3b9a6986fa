-- Feedback in silver says what its record says, what its words were read as, and how the contact
-- that it is about ended; how urgent it is follows from these.
{%- set told = [
    'customer_id_given', 'feedback_text', 'rating', 'channel', 'interaction_type', 'recommend',
    'language', 'submitted_at', 'transaction_id', 'interaction_id'
] %}

with feedback as (
    select * from {{ ref('ces_clean_feedback') }}
)

select feedback.feedback_id
from feedback
left join {{ ref('ces_feedback_parsed') }} as records
    on feedback.source_bronze_id = records.source_bronze_id
left join {{ ref('ces_feedback_sentiment') }} as sentiment
    on feedback.source_bronze_id = sentiment.source_bronze_id
left join {{ ref('ces_clean_interactions') }} as contacts
    on feedback.interaction_id = contacts.interaction_id
left join {{ ref('scout_customer_crosswalk') }} as customers
    on feedback.customer_id_given = customers.customer_id_given
where
    feedback.customer_id
    <> {{ known_member('feedback.customer_id_given', 'customers.customer_id', '(anonymous)') }}
    or cast(feedback.submitted_at as date) is distinct from feedback.submission_date
    or sentiment.sentiment_score is distinct from feedback.sentiment_score
    or sentiment.sentiment_label is distinct from feedback.sentiment_label
    or sentiment.categories is distinct from feedback.categories
    or sentiment.key_topics is distinct from feedback.key_topics
    or contacts.response_hours is distinct from feedback.response_time
    or case
        when feedback.interaction_id is null then 'no_contact'
        else coalesce(contacts.resolution_status, 'unknown')
    end
    <> feedback.resolution_status
    or case
        when feedback.rating is null then 40 * (1 - coalesce(feedback.sentiment_score, 0))
        else
            20 * (1 - coalesce(feedback.sentiment_score, 0))
            + 10 * (5 - feedback.rating)
    end
    + case when feedback.resolution_status in ('open', 'unresolved') then 20 else 0 end
    <> feedback.priority_score
    {%- for name in told %}
        or records.{{ name }} is distinct from feedback.{{ name }}
    {%- endfor %}
