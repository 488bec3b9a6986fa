-- A table and not incremental: whom a text is by, how its contact ended, and which version of a
-- product the sale had that it is about, may all change later, and there is little of it.
with feedback as (
    select * from {{ ref('ces_clean_feedback') }}
),

sales as (
    select
        transaction_id,
        product_key,
        product_id
    from {{ ref('transactions_fact') }}
),

-- The end of a version is a time also where it has none: an `or` in the condition of the join would
-- have DuckDB compare every row with every version.
customers as (
    select
        customer_key,
        customer_id,
        counts_from,
        coalesce(valid_to, timestamp '9999-12-31 00:00:00') as counts_to
    from {{ ref('customers_dim') }}
),

members as (
    select
        max(case when product_id = '(none)' then cast(product_key as varchar) end) as no_product,
        max(case when product_id = '(unknown)' then cast(product_key as varchar) end)
            as unknown_product
    from {{ ref('products_dim') }}
    where product_id in ('(none)', '(unknown)')
),

final as (
    select
        feedback.feedback_id as feedback_key,
        feedback.feedback_source,
        feedback.source_feedback_id,
        feedback.submission_date,
        feedback.submitted_at,
        customers.customer_key,
        coalesce(
            sales.product_key,
            cast(
                case
                    when feedback.transaction_id is null then members.no_product
                    else members.unknown_product
                end as uuid
            )
        ) as product_key,
        feedback.customer_id,
        {{ known_member('feedback.transaction_id', 'sales.product_id', '(none)') }} as product_id,
        feedback.transaction_id,
        feedback.interaction_id,
        feedback.channel,
        feedback.interaction_type,
        feedback.language,
        feedback.sentiment_label,
        feedback.resolution_status,
        1 as feedback_count,
        cast(case when feedback.rating is not null then 1 else 0 end as integer) as rating_count,
        cast(coalesce(feedback.rating, 0) as decimal(18, 6)) as rating_sum,
        cast(case when feedback.recommend >= 9 then 1 else 0 end as integer) as promoter_count,
        cast(case when feedback.recommend <= 6 then 1 else 0 end as integer) as detractor_count,
        cast(case when feedback.recommend is not null then 1 else 0 end as integer)
            as recommend_count,
        cast(case when feedback.sentiment_score is not null then 1 else 0 end as integer)
            as sentiment_count,
        cast(coalesce(feedback.sentiment_score, 0) as decimal(18, 6)) as sentiment_sum,
        feedback.priority_score,
        feedback.created_at,
        feedback.source_bronze_id,
        feedback._batch_id
    from feedback
    left join sales on feedback.transaction_id = sales.transaction_id
    left join customers
        on
            feedback.customer_id = customers.customer_id
            and feedback.submitted_at >= customers.counts_from
            and feedback.submitted_at < customers.counts_to
    cross join members
)

select * from final
