-- One row per day and tier. A customer's state (tier, value, purchases in the last 90 days and so
-- on) only changes on some days: those days are found, and what they change is added up from day
-- to day.
with transactions as (
    select *
    from {{ ref('scout_clean_transactions') }}
    where customer_id not in ('(anonymous)', '(unknown)')
),

versions as (
    select * from {{ ref('customers_dim') }}
),

bounds as (
    select
        min(transaction_date) as first_date,
        max(transaction_date) as last_date
    from {{ ref('scout_clean_transactions') }}
),

first_purchases as (
    select
        customer_id,
        min(transaction_date) as first_date
    from transactions
    where transaction_type = 'sale'
    group by customer_id
),

-- A customer is known from registration on, or from a first purchase before it; where the day of
-- registration cannot be read, from the first version on.
customers as (
    select
        versions.customer_id,
        least(
            coalesce(min(versions.registration_date), min(cast(versions.valid_from as date))),
            min(first_purchases.first_date)
        ) as known_from
    from versions
    left join first_purchases on versions.customer_id = first_purchases.customer_id
    where versions.source_bronze_id is not null
    group by versions.customer_id
),

purchase_days as (
    select
        customer_id,
        transaction_date as purchase_date,
        max(case when channel = 'store' then 1 else 0 end) as in_store,
        max(case when channel = 'web' then 1 else 0 end) as on_web,
        max(case when channel = 'mobile' then 1 else 0 end) as on_mobile,
        max(case when channel = 'marketplace' then 1 else 0 end) as on_marketplace,
        case
            when
                row_number() over (partition by customer_id order by transaction_date) = 1
                then 1
            else 0
        end as is_first,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from transactions
    where transaction_type = 'sale'
    group by customer_id, transaction_date
),

-- On which days a purchase begins and ceases to count: today, in the last 90 days, in the 90 days
-- before them, and exactly 180 days back.
{%- set steps = [
    (0, 1, 0, 0, 1), (1, 0, 0, 0, -1), (90, -1, 1, 0, 0), (180, 0, -1, 1, 0), (181, 0, 0, -1, 0)
] %}

purchase_steps as (
    {%- for days, recent, before, expiring, today in steps %}
        select
            customer_id,
            purchase_date + {{ days }} as date,
            {{ today }} as today,
            {{ recent }} as recent,
            {{ before }} as before_recent,
            {{ expiring }} as expiring,
            {{ recent }} * in_store as in_store,
            {{ recent }} * on_web as on_web,
            {{ recent }} * on_mobile as on_mobile,
            {{ recent }} * on_marketplace as on_marketplace,
            {{ today }} * is_first as acquired,
            created_at,
            updated_at
        from purchase_days
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
),

-- The version at the end of each day; before the first one, the first one.
daily_versions as (
    select
        versions.customer_id,
        case
            when
                row_number() over (
                    partition by versions.customer_id
                    order by versions.valid_from
                ) = 1
                then least(customers.known_from, cast(versions.valid_from as date))
            else cast(versions.valid_from as date)
        end as date,
        versions.customer_tier,
        versions.marketing_consent,
        versions.created_at,
        versions.updated_at,
        row_number() over (
            partition by versions.customer_id, cast(versions.valid_from as date)
            order by versions.valid_from desc
        ) as day_rank
    from versions
    inner join customers on versions.customer_id = customers.customer_id
),

{%- set counts = [
    'known', 'today', 'recent', 'before_recent', 'expiring', 'in_store', 'on_web', 'on_mobile',
    'on_marketplace', 'acquired'
] %}

events as (
    select
        customer_id,
        known_from as date,
        1 as known,
        {%- for name in counts if name != 'known' %}
            0 as {{ name }},
        {%- endfor %}
        cast(0 as decimal(12, 2)) as amount,
        cast(null as varchar) as customer_tier,
        cast(null as integer) as consent,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as updated_at
    from customers
    union all
    select
        customer_id,
        date,
        0 as known,
        {%- for name in counts if name != 'known' %}
            {{ name }},
        {%- endfor %}
        cast(0 as decimal(12, 2)) as amount,
        cast(null as varchar) as customer_tier,
        cast(null as integer) as consent,
        created_at,
        updated_at
    from purchase_steps
    union all
    select
        customer_id,
        transaction_date as date,
        {%- for name in counts %}
            0 as {{ name }},
        {%- endfor %}
        amount,
        cast(null as varchar) as customer_tier,
        cast(null as integer) as consent,
        created_at,
        updated_at
    from transactions
    union all
    select
        customer_id,
        date,
        {%- for name in counts %}
            0 as {{ name }},
        {%- endfor %}
        cast(0 as decimal(12, 2)) as amount,
        customer_tier,
        case when marketing_consent then 1 else 0 end as consent,
        created_at,
        updated_at
    from daily_versions
    where day_rank = 1
),

change_days as (
    select
        customer_id,
        date,
        {%- for name in counts %}
            sum({{ name }}) as {{ name }},
        {%- endfor %}
        sum(amount) as amount,
        max(customer_tier) as customer_tier,
        max(consent) as consent,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from events
    group by customer_id, date
),

-- What holds from each of these days on, up to the next one.
running as (
    select
        customer_id,
        date,
        lead(date) over (partition by customer_id order by date) as next_date,
        {%- for name in counts %}
            sum({{ name }}) over customer_so_far as {{ name }},
        {%- endfor %}
        sum(amount) over customer_so_far as value_so_far,
        count(customer_tier) over customer_so_far as version_number,
        customer_tier,
        consent,
        created_at,
        updated_at
    from change_days
    window customer_so_far as (partition by customer_id order by date)
),

states as (
    select
        date,
        next_date,
        max(customer_tier) over (partition by customer_id, version_number) as customer_tier,
        cast(known as bigint) as total_customers,
        value_so_far as lifetime_value,
        case when recent > 0 then 1 else 0 end as active_customers,
        cast(acquired as bigint) as new_acquisitions,
        case when expiring > 0 and recent + before_recent = 0 then 1 else 0 end as churn_count,
        case when recent - today + before_recent + expiring > 0 then 1 else 0 end
            as at_risk_customers,
        case when before_recent > 0 then 1 else 0 end as earlier_customers,
        case when before_recent > 0 and recent > 0 then 1 else 0 end as retained_customers,
        known * (
            15 * least(recent, 4)
            + 10 * least(
                case when in_store > 0 then 1 else 0 end
                + case when on_web > 0 then 1 else 0 end
                + case when on_mobile > 0 then 1 else 0 end
                + case when on_marketplace > 0 then 1 else 0 end,
                2
            )
            + 20 * max(consent) over (partition by customer_id, version_number)
        ) as engagement,
        created_at,
        updated_at
    from running
),

{%- set measures = [
    'total_customers', 'lifetime_value', 'active_customers', 'new_acquisitions', 'churn_count',
    'at_risk_customers', 'earlier_customers', 'retained_customers', 'engagement'
] %}

-- A state is added to its tier on its first day, and taken off again on the day after its last.
changes as (
    select
        customer_tier,
        date,
        {%- for name in measures %}
            {{ name }},
        {%- endfor %}
        created_at,
        updated_at
    from states
    union all
    select
        customer_tier,
        next_date as date,
        {%- for name in measures %}
            -{{ name }} as {{ name }},
        {%- endfor %}
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as updated_at
    from states
    where next_date is not null
),

-- What changed before the first day is there on the first day.
daily_changes as (
    select
        changes.customer_tier,
        greatest(changes.date, bounds.first_date) as date,
        {%- for name in measures %}
            sum(changes.{{ name }}) as {{ name }},
        {%- endfor %}
        min(changes.created_at) as created_at,
        max(changes.updated_at) as updated_at
    from changes
    cross join bounds
    where changes.date <= bounds.last_date
    group by changes.customer_tier, greatest(changes.date, bounds.first_date)
),

day_numbers as (
    select
        first_date,
        {{ each_number_to('last_date - first_date') }} as day_number
    from bounds
),

tiers as (
    select distinct customer_tier from daily_changes
),

days as (
    select
        day_numbers.first_date + cast(day_numbers.day_number as integer) as date,
        tiers.customer_tier
    from day_numbers
    cross join tiers
),

totals as (
    select
        days.date,
        days.customer_tier,
        {%- for name in measures %}
            sum(coalesce(daily_changes.{{ name }}, 0)) over tier_so_far as {{ name }},
        {%- endfor %}
        min(daily_changes.created_at) over tier_so_far as created_at,
        max(daily_changes.updated_at) over tier_so_far as updated_at
    from days
    left join daily_changes
        on
            days.date = daily_changes.date
            and days.customer_tier = daily_changes.customer_tier
    window tier_so_far as (partition by days.customer_tier order by days.date)
),

final as (
    select
        date,
        cast(customer_tier as varchar) as customer_tier,
        cast(total_customers as integer) as total_customers,
        cast(active_customers as integer) as active_customers,
        cast(new_acquisitions as integer) as new_acquisitions,
        cast(churn_count as integer) as churn_count,
        {{ ratio('churn_count', 'at_risk_customers', 4, 'decimal(5, 4)') }} as churn_rate,
        {{ ratio('lifetime_value', 'total_customers', 2, 'decimal(12, 2)') }} as avg_lifetime_value,
        {{ ratio('engagement', 'total_customers', 2, 'decimal(5, 2)') }} as avg_engagement_score,
        {{ ratio('retained_customers', 'earlier_customers', 4, 'decimal(5, 4)') }}
            as retention_rate,
        created_at,
        updated_at,
        cast(lifetime_value as decimal(15, 2)) as lifetime_value,
        cast(at_risk_customers as integer) as at_risk_customers,
        cast(earlier_customers as integer) as earlier_customers,
        cast(retained_customers as integer) as retained_customers
    from totals
    where total_customers > 0
)

select * from final
