{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

{#- What is masked, after the checks have seen it; of an author, only what is listed here is kept. -#}
{%- set masked_answer, masked_mention = {}, {} %}
{%- if masks_pii() %}
    {%- set masked_answer = {'feedback_text': mask_text('feedback_text')} %}
    {%- set author = json_object([
        ['handle', mask_words(json_text('author_json', 'handle'))],
        ['followers', json_value('author_json', 'followers')],
        ['customer_id', json_text('author_json', 'customer_id')]
    ]) %}
    {%- set masked_mention = {
        'text': mask_text('text'),
        'author': 'case when author_json is not null then ' ~ author ~ ' end'
    } %}
{%- endif %}
{%- set blank_text = "coalesce(trim({}, ' '), '') = ''" %}

with surveys as (
    {{ bronze_records(
        model='raw_survey_feedback',
        source_system='surveys',
        columns=[
            'feedback_id', 'submitted_at', 'customer_id', 'channel', 'interaction_type',
            'transaction_id', 'interaction_id', 'language', 'rating', 'recommend', 'feedback_text',
            'invited_at'
        ],
        read={
            'submitted_at_read': try_timestamp('submitted_at'),
            'rating_read': try_cast('rating', 'decimal(18,6)'),
            'recommend_read': try_cast('recommend', 'integer')
        },
        masked=masked_answer,
        checks=[
            ['feedback_id', 'feedback_id is null'],
            ['submitted_at', impossible_time('submitted_at_read')],
            ['channel', 'channel is null'],
            [
                'interaction_type',
                "coalesce(interaction_type, '') not in ('purchase', 'return', 'support')"
            ],
            ['rating', 'coalesce(rating_read not between 1 and 5, true)'],
            [
                'recommend',
                'coalesce(recommend_read not between 0 and 10, recommend is not null)'
            ],
            ['feedback_text', blank_text.format('feedback_text')]
        ]
    ) }}
),

mentions as (
    {{ bronze_records(
        model='raw_social_mentions',
        source_system='social',
        columns=[
            'mention_id', 'platform', 'posted_at', 'author', 'text', 'language', 'country',
            'hashtags', 'engagement'
        ],
        nested=['author', 'hashtags', 'engagement'],
        read={'posted_at_read': try_timestamp('posted_at')},
        masked=masked_mention,
        checks=[
            ['mention_id', 'mention_id is null'],
            ['platform', 'platform is null'],
            ['posted_at', impossible_time('posted_at_read')],
            ['text', blank_text.format('text')]
        ]
    ) }}
),

records as (
    select
        id,
        {{ masked_answer.get('feedback_text', 'feedback_text') }} as feedback_text,
        rating_read as rating,
        channel,
        customer_id,
        _payload,
        language,
        _failed,
        _batch_id,
        _row_number,
        _loaded_at
    from surveys
    union all
    select
        id,
        {{ masked_mention.get('text', 'text') }} as feedback_text,
        cast(null as decimal(18, 6)) as rating,
        'social' as channel,
        {{ json_text('author_json', 'customer_id') }} as customer_id,
        _payload,
        language,
        _failed,
        _batch_id,
        _row_number,
        _loaded_at
    from mentions
),

final as (
    select
        id,
        cast(feedback_text as text) as feedback_text,
        rating,
        cast(channel as varchar) as channel,
        cast(customer_id as varchar) as customer_id,
        _payload as interaction_context,
        _loaded_at as ingested_at,
        -- What the mark alone says; the words are read in silver.
        cast(case when rating between 1 and 5 then (rating - 3) * 0.5 end as decimal(18, 6))
            as sentiment_score,
        cast(lower(language) as varchar) as language_detected,
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from records
)

select * from final
