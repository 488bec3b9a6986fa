-- Every record of the catalogue and the warehouse is in exactly one place.
with outcomes as (
    select * from {{ ref('scout_clean_products_outcomes') }}
),

silver as (
    select source_bronze_id
    from {{ ref('scout_clean_products') }}
    where source_bronze_id is not null
    union all
    select source_bronze_id from {{ ref('scout_product_stock') }}
),

counts as (
    select
        (
            select coalesce(sum(rows_read), 0) from {{ ref('load_batches') }}
            where raw_table in ('catalogue_products', 'inventory_stock')
        ) as read_count,
        (select count(*) from outcomes) as outcome_count,
        (
            select count(*) from outcomes
            where outcome = 'silver'
        ) as said_count,
        (select count(*) from silver) as silver_count,
        (
            select count(*) from outcomes
            where outcome = 'quarantine'
        ) as set_aside_count,
        (select count(*) from {{ ref('scout_clean_products_quarantine') }}) as quarantine_count
),

miscounted as (
    select 'the counts of records differ' as problem
    from counts
    where
        read_count <> outcome_count
        or said_count <> silver_count
        or set_aside_count <> quarantine_count
),

misplaced as (
    select 'said to be in silver and not there: ' || outcomes.source_bronze_id as problem
    from outcomes
    left join silver on outcomes.source_bronze_id = silver.source_bronze_id
    where outcomes.outcome = 'silver' and silver.source_bronze_id is null
),

lost as (
    select 'nothing stands for it: ' || outcomes.source_bronze_id as problem
    from outcomes
    left join outcomes as survivors
        on
            outcomes.survivor_batch_id = survivors._batch_id
            and outcomes.survivor_row_number = survivors._row_number
            and survivors.outcome <> 'quarantine'
    where
        outcomes.outcome in ('duplicate', 'superseded')
        and survivors.source_bronze_id is null
)

select problem from miscounted
union all
select problem from misplaced
union all
select problem from lost
