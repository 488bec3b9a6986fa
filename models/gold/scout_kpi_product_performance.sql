{{ config(
    materialized='incremental',
    incremental_strategy='remade',
    unique_key=['date', 'product_id'],
    on_schema_change='fail'
) }}

-- One row per day and product that was in the warehouse, or sold, or returned on that day. What has
-- changed for a product on a day changes its figures from that day on; those before it are kept.
with transactions as (
    select
        product_id,
        transaction_date as date,
        sum(amount) as revenue,
        sum(amount - coalesce(tax_amount, 0)) as net_revenue,
        sum(case when transaction_type = 'sale' then quantity else 0 end) as units_sold,
        sum(case when transaction_type = 'refund' then -quantity else 0 end) as units_returned,
        min(created_at) as created_at,
        max(updated_at) as updated_at
    from {{ ref('scout_clean_transactions') }}
    group by product_id, transaction_date
),

stock as (
    select
        product_id,
        stock_date as date,
        on_hand,
        case when is_out_of_stock then 1 else 0 end as is_out_of_stock,
        created_at,
        updated_at
    from {{ ref('scout_product_stock') }}
),

products as (
    select * from {{ ref('scout_clean_products') }}
),

-- What a piece cost at the end of the day; before the first version, what it cost then.
costs as (
    select
        product_id,
        cost,
        case
            when row_number() over (partition by product_id order by valid_from) = 1
                then date '1900-01-01'
            else cast(valid_from as date)
        end as first_date,
        coalesce(cast(valid_to as date), date '9999-12-31') as end_date
    from {{ ref('products_dim') }}
),

stocked_days as (
    select
        coalesce(transactions.product_id, stock.product_id) as product_id,
        coalesce(transactions.date, stock.date) as date,
        coalesce(transactions.revenue, 0) as revenue,
        coalesce(transactions.net_revenue, 0) as net_revenue,
        coalesce(transactions.units_sold, 0) as units_sold,
        coalesce(transactions.units_returned, 0) as units_returned,
        stock.on_hand,
        coalesce(stock.is_out_of_stock, 0) as is_out_of_stock,
        -- A day without stock says nothing about what was wanted.
        case
            when coalesce(stock.is_out_of_stock, 0) = 1 and coalesce(transactions.units_sold, 0) = 0
                then 0
            else 1
        end as is_observed,
        least(transactions.created_at, stock.created_at) as created_at,
        greatest(transactions.updated_at, stock.updated_at) as updated_at
    from transactions
    full outer join stock
        on
            transactions.product_id = stock.product_id
            and transactions.date = stock.date
),

days as (
    select
        stocked_days.*,
        products.category_l1,
        costs.cost,
        cast(
            {{ row_hash([
                'stocked_days.revenue', 'stocked_days.net_revenue', 'stocked_days.units_sold',
                'stocked_days.units_returned', 'stocked_days.on_hand', 'stocked_days.is_out_of_stock',
                'stocked_days.created_at', 'stocked_days.updated_at', 'products.category_l1', 'costs.cost'
            ]) }}
            as decimal(38, 0)
        ) as _inputs
    from stocked_days
    inner join products on stocked_days.product_id = products.product_id
    left join costs
        on
            stocked_days.product_id = costs.product_id
            and stocked_days.date >= costs.first_date
            and stocked_days.date < costs.end_date
    {{ computed_once() }}
),

{% if is_incremental() -%}
    differing as (
        select
            coalesce(days.product_id, made_before.product_id) as product_id,
            coalesce(days.date, made_before.date) as date,
            days.product_id is null as is_gone
        from days
        full outer join {{ this }} as made_before
            on
                days.product_id = made_before.product_id
                and days.date = made_before.date
        where days._inputs is distinct from made_before._inputs
    ),

    changed as (
        select
            product_id,
            min(date) as first_date
        from differing
        group by product_id
    ),

{% endif -%}
-- The days whose figures are made, and those that they look back on.
observed_days as (
    select
        days.*,
        {% if is_incremental() -%}
            days.date >= changed.first_date
        {%- else -%}
            true
        {%- endif %} as is_made
    from days
    {% if is_incremental() -%}
        inner join changed
            on
                days.product_id = changed.product_id
                and days.date >= changed.first_date - 29
    {%- endif %}
),

windows as (
    select
        product_id,
        date,
        revenue,
        net_revenue,
        units_sold,
        units_returned,
        on_hand,
        sum(units_sold) over last_30_days as units_sold_30_days,
        sum(units_returned) over last_30_days as units_returned_30_days,
        sum(case when on_hand is not null then units_sold else 0 end) over last_30_days
            as units_sold_from_stock,
        sum(on_hand) over last_30_days as on_hand_30_days,
        sum(is_out_of_stock) over last_30_days as stock_out_days,
        sum(units_sold * is_observed) over last_28_days as units_observed,
        sum(is_observed) over last_28_days as days_observed,
        created_at,
        max(updated_at) over last_30_days as updated_at,
        category_l1,
        cost,
        is_made,
        _inputs
    from observed_days
    window
        last_30_days as (
            partition by product_id
            order by date
            range between interval '29 days' preceding and current row
        ),
        last_28_days as (
            partition by product_id
            order by date
            range between interval '27 days' preceding and current row
        )
),

-- The weekday of tomorrow was 6, 13, 20 and 27 days ago.
weekdays as (
    {%- for back in [6, 13, 20, 27] %}
        select
            product_id,
            date + {{ back }} as date,
            units_sold * is_observed as units_sold,
            is_observed
        from observed_days
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
),

weekday_sums as (
    select
        product_id,
        date,
        sum(units_sold) as units_on_weekday,
        sum(is_observed) as weekdays_observed
    from weekdays
    group by product_id, date
),

valued as (
    select
        windows.*,
        windows.net_revenue - windows.units_sold * windows.cost as gross_profit,
        coalesce(weekday_sums.units_on_weekday, 0) as units_on_weekday,
        coalesce(weekday_sums.weekdays_observed, 0) as weekdays_observed
    from windows
    left join weekday_sums
        on
            windows.product_id = weekday_sums.product_id
            and windows.date = weekday_sums.date
    where windows.is_made
),

ratios as (
    select
        *,
        {{ ratio('365 * units_sold_from_stock', 'on_hand_30_days', 4) }} as turnover,
        case
            when net_revenue > 0
                then {{ ratio('gross_profit', 'net_revenue', 4) }}
        end as margin,
        {{ ratio('units_returned_30_days', 'units_sold_30_days', 4) }} as return_share
    from valued
),

-- A day on which one piece was sold for a cent does not fit a column of four digits.
figures as (
    select
        date,
        cast(product_id as varchar) as product_id,
        cast(category_l1 as varchar) as category_l1,
        cast(revenue as decimal(12, 2)) as revenue,
        cast(units_sold as integer) as units_sold,
        cast(case when turnover > 9999 then 9999 else turnover end as decimal(8, 4))
            as inventory_turnover,
        cast(case when margin < -9.9999 then -9.9999 else margin end as decimal(5, 4))
            as margin_percentage,
        cast(case when return_share > 9.9999 then 9.9999 else return_share end as decimal(5, 4))
            as return_rate,
        cast(stock_out_days as integer) as stock_out_days,
        case
            when weekdays_observed > 0
                then {{ ratio('units_on_weekday', 'weekdays_observed', 2, 'decimal(10, 2)') }}
            else {{ ratio('units_observed', 'days_observed', 2, 'decimal(10, 2)') }}
        end as demand_forecast,
        created_at,
        updated_at,
        cast(units_returned as integer) as units_returned,
        on_hand,
        cast(gross_profit as decimal(14, 2)) as gross_profit,
        _inputs
    from ratios
),

{%- set columns = [
    'date', 'product_id', 'category_l1', 'revenue', 'units_sold', 'inventory_turnover',
    'margin_percentage', 'return_rate', 'stock_out_days', 'demand_forecast', 'created_at',
    'updated_at', 'units_returned', 'on_hand', 'gross_profit'
] %}

-- A row that is to go has no checksum.
final as (
    select
        {{ columns | join(',\n        ') }},
        _inputs
    from figures
    {% if is_incremental() -%}
        union all
        select
            made_before.{{ columns | join(',\n            made_before.') }},
            cast(null as decimal(38, 0)) as _inputs
        from {{ this }} as made_before
        inner join differing
            on
                made_before.product_id = differing.product_id
                and made_before.date = differing.date
        where differing.is_gone
    {%- endif %}
)

select * from final
