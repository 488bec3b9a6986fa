-- Each product's figures of each day, counted anew: sales and stock from silver, what is summed
-- over some days from the days themselves. A piece costs what some version of the product says.
with sold as (
    select
        product_id,
        transaction_date as date,
        sum(amount) as revenue,
        sum(amount - coalesce(tax_amount, 0)) as net_revenue,
        sum(case when transaction_type = 'sale' then quantity else 0 end) as units_sold,
        sum(case when transaction_type = 'refund' then -quantity else 0 end) as units_returned
    from {{ ref('scout_clean_transactions') }}
    group by product_id, transaction_date
),

silver as (
    select
        coalesce(sold.product_id, stock.product_id) as product_id,
        coalesce(sold.date, stock.stock_date) as date,
        coalesce(sold.revenue, 0) as revenue,
        coalesce(sold.net_revenue, 0) as net_revenue,
        coalesce(sold.units_sold, 0) as units_sold,
        coalesce(sold.units_returned, 0) as units_returned,
        stock.on_hand,
        case when stock.is_out_of_stock then 1 else 0 end as is_out_of_stock
    from sold
    full outer join {{ ref('scout_product_stock') }} as stock
        on
            sold.product_id = stock.product_id
            and sold.date = stock.stock_date
),

observed as (
    select
        *,
        case when is_out_of_stock = 1 and units_sold = 0 then 0 else 1 end as is_observed
    from silver
),

-- Tomorrow's weekday in the four weeks up to today: each day counts for four days after it.
weeks as (
    select 6 as days_back
    union all
    select 13 as days_back
    union all
    select 20 as days_back
    union all
    select 27 as days_back
),

weekdays as (
    select
        observed.product_id,
        observed.date + weeks.days_back as date,
        sum(observed.units_sold) as units,
        count(*) as days
    from observed
    cross join weeks
    where observed.is_observed = 1
    group by observed.product_id, observed.date + weeks.days_back
),

summed as (
    select
        *,
        sum(units_sold) over last_30_days as units_sold_30_days,
        sum(units_returned) over last_30_days as units_returned_30_days,
        sum(case when on_hand is not null then units_sold else 0 end) over last_30_days
            as units_from_stock,
        sum(on_hand) over last_30_days as on_hand_30_days,
        sum(is_out_of_stock) over last_30_days as stock_out_days,
        sum(units_sold * is_observed) over last_28_days as units_observed,
        sum(is_observed) over last_28_days as days_observed
    from observed
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

counted as (
    select
        summed.*,
        products.category_l1,
        coalesce(weekdays.units, summed.units_observed) as units_for_demand,
        coalesce(weekdays.days, summed.days_observed) as days_for_demand
    from summed
    inner join {{ ref('scout_clean_products') }} as products
        on summed.product_id = products.product_id
    left join weekdays
        on
            summed.product_id = weekdays.product_id
            and summed.date = weekdays.date
),

costs as (
    select distinct
        product_id,
        cost
    from {{ ref('scout_product_versions') }}
),

gold as (
    select * from {{ ref('scout_kpi_product_performance') }}
),

different as (
    select
        coalesce(counted.date, gold.date) as date,
        coalesce(counted.product_id, gold.product_id) as product_id
    from counted
    full outer join gold
        on
            counted.date = gold.date
            and counted.product_id = gold.product_id
    where
        counted.revenue is distinct from gold.revenue
        or counted.units_sold is distinct from gold.units_sold
        or counted.units_returned is distinct from gold.units_returned
        or counted.on_hand is distinct from gold.on_hand
        or counted.category_l1 is distinct from gold.category_l1
        or counted.stock_out_days is distinct from gold.stock_out_days
        or not {{ is_ratio(
            'gold.demand_forecast', 'counted.units_for_demand', 'counted.days_for_demand', 2
        ) }}
        or not {{ is_ratio(
            'gold.inventory_turnover',
            'least(365 * counted.units_from_stock, 9999 * counted.on_hand_30_days)',
            'counted.on_hand_30_days',
            4
        ) }}
        or not {{ is_ratio(
            'gold.return_rate',
            'least(counted.units_returned_30_days, 9.9999 * counted.units_sold_30_days)',
            'counted.units_sold_30_days',
            4
        ) }}
        or not case
            when counted.net_revenue > 0 and gold.gross_profit is not null
                then {{ is_ratio(
                    'gold.margin_percentage',
                    'greatest(gold.gross_profit, -9.9999 * counted.net_revenue)',
                    'counted.net_revenue',
                    4
                ) }}
            else gold.margin_percentage is null
        end
),

unknown_cost as (
    select
        gold.date,
        gold.product_id
    from gold
    inner join counted
        on
            gold.date = counted.date
            and gold.product_id = counted.product_id
    where
        gold.product_id <> '(unknown)'
        and not exists (
            select 1 from costs
            where
                gold.product_id = costs.product_id
                and counted.net_revenue - counted.units_sold * costs.cost = gold.gross_profit
        )
)

select * from different
union all
select * from unknown_cost
