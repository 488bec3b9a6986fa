-- Revenue, counts and pieces are the same in the fact, in silver and in the daily KPI, to the cent,
-- for each day, region and channel; so are feedback and what campaigns did.
with fact as (
    select
        transaction_date as date,
        region,
        channel,
        sum(amount) as revenue,
        count(*) as transactions,
        sum(quantity) as pieces
    from {{ ref('transactions_fact') }}
    group by transaction_date, region, channel
),

silver as (
    select
        transaction_date as date,
        region,
        channel,
        sum(amount) as revenue,
        count(*) as transactions,
        sum(quantity) as pieces
    from {{ ref('scout_clean_transactions') }}
    group by transaction_date, region, channel
),

kpi as (
    select * from {{ ref('scout_kpi_revenue_daily') }}
),

sales as (
    select
        coalesce(fact.date, silver.date) as date,
        coalesce(fact.region, silver.region) as region,
        coalesce(fact.channel, silver.channel) as channel,
        fact.revenue,
        silver.revenue as revenue_in_silver,
        fact.transactions,
        silver.transactions as transactions_in_silver,
        fact.pieces,
        silver.pieces as pieces_in_silver
    from fact
    full outer join silver
        on
            fact.date = silver.date
            and fact.region = silver.region
            and fact.channel = silver.channel
),

compared as (
    select
        coalesce(sales.date, kpi.date) as date,
        coalesce(sales.region, kpi.region) as region,
        coalesce(sales.channel, kpi.channel) as channel
    from sales
    full outer join kpi
        on
            sales.date = kpi.date
            and sales.region = kpi.region
            and sales.channel = kpi.channel
    where
        sales.revenue is distinct from sales.revenue_in_silver
        or sales.transactions is distinct from sales.transactions_in_silver
        or sales.pieces is distinct from sales.pieces_in_silver
        or sales.revenue is distinct from kpi.total_revenue
        or sales.transactions is distinct from kpi.total_transactions
),

feedback_in_fact as (
    select
        submission_date as date,
        channel,
        count(*) as feedback,
        sum(rating_sum) as ratings
    from {{ ref('feedback_fact') }}
    group by submission_date, channel
),

feedback_in_silver as (
    select
        submission_date as date,
        channel,
        count(*) as feedback,
        coalesce(sum(rating), 0) as ratings
    from {{ ref('ces_clean_feedback') }}
    group by submission_date, channel
),

feedback as (
    select
        coalesce(feedback_in_fact.date, feedback_in_silver.date) as date,
        coalesce(feedback_in_fact.channel, feedback_in_silver.channel) as channel
    from feedback_in_fact
    full outer join feedback_in_silver
        on
            feedback_in_fact.date = feedback_in_silver.date
            and feedback_in_fact.channel = feedback_in_silver.channel
    where
        feedback_in_fact.feedback is distinct from feedback_in_silver.feedback
        or feedback_in_fact.ratings is distinct from feedback_in_silver.ratings
),

campaigns as (
    select
        coalesce(fact.performance_date, kpi.date) as date,
        coalesce(fact.channel, kpi.channel) as channel
    from {{ ref('campaign_performance_fact') }} as fact
    full outer join {{ ref('scout_kpi_campaign_attribution') }} as kpi
        on
            fact.performance_date = kpi.date
            and fact.campaign_id = kpi.campaign_id
            and fact.channel = kpi.channel
    where
        fact.impressions is distinct from kpi.impressions
        or fact.clicks is distinct from kpi.clicks
        or fact.conversions is distinct from kpi.conversions
        or fact.spend_amount is distinct from kpi.spend
        or fact.revenue_amount is distinct from kpi.revenue_attributed
)

select
    'sales' as compared,
    date,
    region,
    channel
from compared
union all
select
    'feedback' as compared,
    date,
    cast(null as varchar) as region,
    channel
from feedback
union all
select
    'campaigns' as compared,
    date,
    cast(null as varchar) as region,
    channel
from campaigns
