-- What is there at the end of a day is what was there the day before, and what came and went since.
with stock as (
    select
        product_id,
        stock_date,
        on_hand,
        received - sold + adjusted as movement,
        lag(on_hand) over (partition by product_id order by stock_date) as on_hand_before,
        lag(stock_date) over (partition by product_id order by stock_date) as date_before
    from {{ ref('scout_product_stock') }}
)

select *
from stock
where
    date_before = stock_date - 1
    and on_hand <> on_hand_before + movement
