{{ config(
    materialized='incremental',
    incremental_strategy='changes',
    unique_key=['date', 'customer_tier'],
    on_schema_change='fail'
) }}

-- One row per day and tier. A customer's state (tier, value, purchases in the last 90 days and so
-- on) only changes on some days: those days are found, and what they change is added up from day
-- to day. What has changed for a day changes the figures from it on; those before it are kept.
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
        customers.known_from,
        cast(versions.valid_from as date) as valid_date,
        lead(cast(versions.valid_from as date)) over (
            partition by versions.customer_id
            order by versions.valid_from
        ) as next_date
    from versions
    inner join customers on versions.customer_id = customers.customer_id
),

-- The last version has an end, too: an `or` in the condition of a join would have DuckDB compare
-- every row with every version.
lasting_versions as (
    select
        *,
        coalesce(next_date, date '9999-12-31') as end_date
    from daily_versions
    where next_date > valid_date or next_date is null
),

-- A checksum of what each day brought. What was before the first day is there on the first day.
inputs as (
    select
        greatest(transactions.transaction_date, bounds.first_date) as date,
        {{ row_hash([
            'transactions.transaction_id', 'transactions.customer_id', 'transactions.amount',
            'transactions.transaction_type', 'transactions.channel', 'transactions.created_at',
            'transactions.updated_at'
        ]) }} as input,
        transactions.created_at,
        transactions.updated_at
    from transactions
    cross join bounds
    union all
    select
        greatest(versions.date, bounds.first_date) as date,
        {{ row_hash([
            'versions.customer_id', 'versions.date', 'versions.customer_tier',
            'versions.marketing_consent', 'versions.created_at', 'versions.updated_at'
        ]) }} as input,
        versions.created_at,
        versions.updated_at
    from lasting_versions as versions
    cross join bounds
    union all
    select
        greatest(customers.known_from, bounds.first_date) as date,
        {{ row_hash(['customers.customer_id', 'customers.known_from']) }} as input,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as updated_at
    from customers
    cross join bounds
),

daily_inputs as (
    select
        date,
        sum(input) as input,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from inputs
    group by date
),

day_numbers as (
    select
        first_date,
        {{ each_number_to('last_date - first_date') }} as day_number
    from bounds
),

days as (
    select first_date + cast(day_number as integer) as date
    from day_numbers
),

dated as (
    select
        days.date,
        cast(coalesce(daily_inputs.input, 0) as decimal(38, 0)) as _inputs,
        min(daily_inputs.created_at) over days_so_far as created_at,
        max(daily_inputs.updated_at) over days_so_far as updated_at
    from days
    left join daily_inputs on days.date = daily_inputs.date
    window days_so_far as (order by days.date)
),

{% if is_incremental() -%}
    made_from as (
        select distinct
            date,
            _inputs
        from {{ this }}
    ),

{% endif -%}
-- The first day whose figures are made.
made as (
    {% if is_incremental() -%}
        select min(dated.date) as first_date
        from dated
        left join made_from on dated.date = made_from.date
        where made_from._inputs is distinct from dated._inputs
    {%- else -%}
        select first_date from bounds
    {%- endif %}
),

-- What is counted of a customer on a day; none of it goes beyond 90. The counts are one number, in
-- which each has seven bits of its own: one sum costs a fraction of what nine cost.
{%- set channels = ['store', 'web', 'mobile', 'marketplace'] %}
{%- set counts = ['recent', 'before_recent', 'churned', 'at_risk', 'acquired'] + channels %}
{%- set units = {} %}
{%- for name in counts %}
    {%- do units.update({name: 128 ** loop.index0}) %}
{%- endfor %}

-- A purchase has had all its effects after 181 days.
purchase_days as (
    select
        transactions.customer_id,
        transactions.transaction_date as purchase_date,
        bit_or(
            case transactions.channel
                {%- for channel in channels %}
                    when '{{ channel }}' then cast({{ units[channel] }} as bigint)
                {%- endfor %}
                else cast(0 as bigint)
            end
        ) as in_channels
    from transactions
    cross join made
    where
        transactions.transaction_type = 'sale'
        and transactions.transaction_date >= made.first_date - 181
    group by transactions.customer_id, transactions.transaction_date
),

-- Whether it is the first one in more than 180 days, and whether none follows within them.
spaced_purchases as (
    select
        *,
        case
            when
                purchase_date - lag(purchase_date) over customer_purchases <= 180
                then 0
            else 1
        end as opens,
        case
            when
                lead(purchase_date) over customer_purchases - purchase_date <= 180
                then 0
            else 1
        end as closes
    from purchase_days
    window customer_purchases as (partition by customer_id order by purchase_date)
),

-- On which days a purchase begins and ceases to count: in the last 90 days, in the 90 days before
-- them, as the last one, exactly 180 days back, and as one of the 180 days before the day.
{%- set steps = [
    (0, 1, 0, 0, 0, none), (1, 0, 0, 0, 1, 'opens'), (90, -1, 1, 0, 0, none),
    (180, 0, -1, 1, 0, none), (181, 0, 0, -1, -1, 'closes')
] %}

purchase_steps as (
    {%- for days, recent, before, churned, at_risk, only in steps %}
        select
            customer_id,
            purchase_date + {{ days }} as date,
            {{ recent }} * ({{ units.recent }} + in_channels)
            + {{ before * units.before_recent + at_risk * units.at_risk }}
            + {{ churned * units.churned }} * closes as counts
        from spaced_purchases
        {% if only -%}
            where {{ only }} = 1
        {% endif -%}
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
),

events as (
    select
        customer_id,
        known_from as date,
        cast(0 as bigint) as counts,
        cast(0 as decimal(12, 2)) as amount
    from customers
    union all
    select
        customer_id,
        date,
        counts,
        cast(0 as decimal(12, 2)) as amount
    from purchase_steps
    union all
    {%- for days, acquired in [(0, 1), (1, -1)] %}
        select
            customer_id,
            first_date + {{ days }} as date,
            cast({{ acquired * units.acquired }} as bigint) as counts,
            cast(0 as decimal(12, 2)) as amount
        from first_purchases
        union all
    {%- endfor %}
    select
        customer_id,
        transaction_date as date,
        cast(0 as bigint) as counts,
        amount
    from transactions
    union all
    select
        customer_id,
        date,
        cast(0 as bigint) as counts,
        cast(0 as decimal(12, 2)) as amount
    from lasting_versions
),

-- What was before the first day that is made is there on that day.
change_days as (
    select
        events.customer_id,
        greatest(events.date, made.first_date) as date,
        cast(sum(events.counts) as bigint) as counts,
        sum(events.amount) as amount
    from events
    cross join made
    cross join bounds
    where
        events.date <= bounds.last_date
        and made.first_date is not null
    group by events.customer_id, greatest(events.date, made.first_date)
),

-- What holds from each of these days on, up to the next one.
running as (
    select
        customer_id,
        date,
        lead(date) over (partition by customer_id order by date) as next_date,
        cast(sum(counts) over customer_so_far as bigint) as counts,
        sum(amount) over customer_so_far as value_so_far
    from change_days
    window customer_so_far as (partition by customer_id order by date)
),

counted as (
    select
        customer_id,
        date,
        next_date,
        value_so_far,
        {%- for name in counts %}
            case when counts & {{ 127 * units[name] }} > 0 then 1 else 0 end as {{ name }},
        {%- endfor %}
        counts & {{ 127 * units.recent }} as recent_purchases
    from running
),

states as (
    select
        counted.date,
        counted.next_date,
        versions.customer_tier,
        case when counted.date >= versions.known_from then 1 else 0 end as total_customers,
        counted.value_so_far as lifetime_value,
        counted.recent as active_customers,
        counted.acquired as new_acquisitions,
        counted.churned as churn_count,
        counted.at_risk as at_risk_customers,
        counted.before_recent as earlier_customers,
        counted.before_recent * counted.recent as retained_customers,
        case when counted.date >= versions.known_from then 1 else 0 end * (
            15 * least(counted.recent_purchases, 4)
            + 10 * least(counted.{{ channels | join(' + counted.') }}, 2)
            + 20 * case when versions.marketing_consent then 1 else 0 end
        ) as engagement
    from counted
    inner join lasting_versions as versions
        on
            counted.customer_id = versions.customer_id
            and counted.date >= versions.date
            and counted.date < versions.end_date
),

{%- set measures = [
    'total_customers', 'lifetime_value', 'active_customers', 'new_acquisitions', 'churn_count',
    'at_risk_customers', 'earlier_customers', 'retained_customers', 'engagement'
] %}

-- A state is added to its tier on its first day, and taken off again on the day after its last.
changes as (
    select
        customer_tier,
        {%- for name in measures %}
            {{ name }},
        {%- endfor %}
        date
    from states
    union all
    select
        customer_tier,
        {%- for name in measures %}
            -{{ name }} as {{ name }},
        {%- endfor %}
        next_date as date
    from states
    where next_date is not null
),

daily_changes as (
    select
        customer_tier,
        {%- for name in measures %}
            sum({{ name }}) as {{ name }},
        {%- endfor %}
        date
    from changes
    group by customer_tier, date
),

tiers as (
    select distinct customer_tier from daily_changes
),

totals as (
    select
        dated.date,
        tiers.customer_tier,
        {%- for name in measures %}
            sum(coalesce(daily_changes.{{ name }}, 0)) over tier_so_far as {{ name }},
        {%- endfor %}
        dated.created_at,
        dated.updated_at,
        dated._inputs
    from dated
    inner join made on dated.date >= made.first_date
    cross join tiers
    left join daily_changes
        on
            dated.date = daily_changes.date
            and tiers.customer_tier = daily_changes.customer_tier
    window tier_so_far as (partition by tiers.customer_tier order by dated.date)
),

figures as (
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
        cast(retained_customers as integer) as retained_customers,
        _inputs
    from totals
    where total_customers > 0
),

{%- set columns = [
    'date', 'customer_tier', 'total_customers', 'active_customers', 'new_acquisitions',
    'churn_count', 'churn_rate', 'avg_lifetime_value', 'avg_engagement_score', 'retention_rate',
    'created_at', 'updated_at', 'lifetime_value', 'at_risk_customers', 'earlier_customers',
    'retained_customers', '_inputs'
] | join(',\n        ') %}

{% if is_incremental() -%}
    kept as (
        select made_before.*
        from {{ this }} as made_before
        inner join dated
            on
                made_before.date = dated.date
                and made_before._inputs = dated._inputs
        left join made on made_before.date >= made.first_date
        where made.first_date is null
    ),

{% endif -%}
final as (
    select
        {{ columns }}
    from figures
    {% if is_incremental() -%}
        union all
        select
            {{ columns }}
        from kept
    {%- endif %}
)

select * from final
