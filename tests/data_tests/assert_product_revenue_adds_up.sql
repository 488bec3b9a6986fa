-- Revenue, pieces and returns by product and day are those of silver, to the cent and the piece.
with gold as (
    select
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(units_sold), 0) as units_sold,
        coalesce(sum(units_returned), 0) as units_returned
    from {{ ref('scout_kpi_product_performance') }}
),

silver as (
    select
        coalesce(sum(amount), 0) as revenue,
        coalesce(sum(case when transaction_type = 'sale' then quantity end), 0) as units_sold,
        coalesce(-sum(case when transaction_type = 'refund' then quantity end), 0)
            as units_returned
    from {{ ref('scout_clean_transactions') }}
)

select
    gold.revenue,
    silver.revenue as silver_revenue,
    gold.units_sold,
    silver.units_sold as silver_units_sold,
    gold.units_returned,
    silver.units_returned as silver_units_returned
from gold
cross join silver
where
    gold.revenue <> silver.revenue
    or gold.units_sold <> silver.units_sold
    or gold.units_returned <> silver.units_returned
