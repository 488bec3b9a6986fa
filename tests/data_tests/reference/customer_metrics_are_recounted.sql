-- Day by day, all tiers together: who there is, buys, comes and goes, counted anew from each
-- purchase and the next one of the same customer. On the last day also tier by tier, with the
-- engagement. And each rate is the ratio of its two columns.
with purchases as (
    select
        customer_id,
        transaction_date as date,
        lag(transaction_date) over (partition by customer_id order by transaction_date) is null
            as is_first,
        coalesce(
            lead(transaction_date) over (partition by customer_id order by transaction_date),
            date '9000-01-01'
        ) as next_date
    from {{ ref('scout_clean_transactions') }}
    where
        transaction_type = 'sale'
        and customer_id not in ('(anonymous)', '(unknown)')
    group by customer_id, transaction_date
),

known as (
    select
        versions.customer_id,
        least(
            coalesce(min(versions.registration_date), min(cast(versions.valid_from as date))),
            min(purchases.date)
        ) as date
    from {{ ref('customers_dim') }} as versions
    left join purchases
        on
            versions.customer_id = purchases.customer_id
            and purchases.is_first
    where versions.source_bronze_id is not null
    group by versions.customer_id
),

{%- set counts = [
    'customers', 'active', 'earlier', 'within_180', 'at_risk', 'acquired', 'gone', 'amount'
] %}
{#- Since when, and until when at the latest, a purchase counts; a later one takes over. #}
{%- set spans = {
    'active': (0, 90), 'earlier': (90, 180), 'within_180': (0, 180), 'at_risk': (1, 181)
} %}

steps as (
    {%- for name, (first, end) in spans.items() %}
        select
            date + {{ first }} as date,
            '{{ name }}' as measure,
            1 as step
        from purchases
        union all
        select
            least(date + {{ end }}, next_date + {{ first }}) as date,
            '{{ name }}' as measure,
            -1 as step
        from purchases
        union all
    {%- endfor %}
    select
        date,
        'customers' as measure,
        1 as step
    from known
    union all
    select
        date,
        'acquired' as measure,
        1 as step
    from purchases
    where is_first
    union all
    select
        date + 180 as date,
        'gone' as measure,
        1 as step
    from purchases
    where next_date > date + 180
    union all
    select
        transaction_date as date,
        'amount' as measure,
        amount as step
    from {{ ref('scout_clean_transactions') }}
    where customer_id not in ('(anonymous)', '(unknown)')
),

metrics as (
    select * from {{ ref('scout_kpi_customer_metrics') }}
),

gold as (
    select
        date,
        sum(total_customers) as customers,
        sum(active_customers) as active,
        sum(earlier_customers) as earlier,
        sum(retained_customers) as retained,
        sum(at_risk_customers) as at_risk,
        sum(new_acquisitions) as acquired,
        sum(churn_count) as gone,
        sum(lifetime_value) as amount
    from metrics
    group by date
),

daily as (
    select
        {%- for name in counts %}
            sum(case when measure = '{{ name }}' then step else 0 end) as {{ name }},
        {%- endfor %}
        date
    from (
        select * from steps
        union all
        select
            date,
            'none' as measure,
            0 as step
        from gold
    ) as all_steps
    group by date
),

counted as (
    select
        date,
        {%- for name in counts if name not in ('acquired', 'gone') %}
            sum({{ name }}) over (order by date) as {{ name }},
        {%- endfor %}
        acquired,
        gone
    from daily
),

last_day as (
    select max(date) as date from gold
),

last_versions as (
    select
        versions.customer_id,
        versions.customer_tier,
        versions.marketing_consent,
        row_number() over (
            partition by versions.customer_id
            order by
                case when cast(versions.valid_from as date) <= last_day.date then 0 else 1 end,
                case
                    when cast(versions.valid_from as date) <= last_day.date then versions.valid_from
                end desc,
                versions.valid_from
        ) as rank_on_last_day
    from {{ ref('customers_dim') }} as versions
    inner join known on versions.customer_id = known.customer_id
    cross join last_day
    where known.date <= last_day.date
),

last_purchases as (
    select
        sales.customer_id,
        count(distinct sales.transaction_date) as days,
        count(distinct sales.channel) as channels
    from {{ ref('scout_clean_transactions') }} as sales
    cross join last_day
    where
        sales.transaction_type = 'sale'
        and sales.transaction_date between last_day.date - 89 and last_day.date
    group by sales.customer_id
),

last_tiers as (
    select
        versions.customer_tier,
        count(*) as customers,
        count(last_purchases.customer_id) as active,
        sum(
            15 * least(coalesce(last_purchases.days, 0), 4)
            + 10 * least(coalesce(last_purchases.channels, 0), 2)
            + case when versions.marketing_consent then 20 else 0 end
        ) as engagement
    from last_versions as versions
    left join last_purchases on versions.customer_id = last_purchases.customer_id
    where versions.rank_on_last_day = 1
    group by versions.customer_tier
),

last_metrics as (
    select metrics.*
    from metrics
    inner join last_day on metrics.date = last_day.date
)

select
    gold.date,
    cast('(all)' as varchar) as customer_tier
from gold
inner join counted on gold.date = counted.date
where
    gold.customers <> counted.customers
    or gold.active <> counted.active
    or gold.earlier <> counted.earlier
    or gold.retained <> counted.active + counted.earlier - counted.within_180
    or gold.at_risk <> counted.at_risk
    or gold.acquired <> counted.acquired
    or gold.gone <> counted.gone
    or gold.amount <> counted.amount
union all
select
    last_metrics.date,
    coalesce(last_metrics.customer_tier, last_tiers.customer_tier) as customer_tier
from last_metrics
full outer join last_tiers on last_metrics.customer_tier = last_tiers.customer_tier
where
    last_tiers.customers is distinct from last_metrics.total_customers
    or last_tiers.active is distinct from last_metrics.active_customers
    or {{ ratio('last_tiers.engagement', 'last_tiers.customers', 2) }}
    is distinct from last_metrics.avg_engagement_score
union all
select
    date,
    customer_tier
from metrics
where
    {{ ratio('churn_count', 'at_risk_customers', 4) }} is distinct from churn_rate
    or {{ ratio('retained_customers', 'earlier_customers', 4) }} is distinct from retention_rate
    or {{ ratio('lifetime_value', 'total_customers', 2) }} is distinct from avg_lifetime_value
