-- Generated from specs/etl/every_version.yml by `databank generate`.
with addresses as (
    select *
    from {{ ref('addresses') }}
    where is_current
),

aggregated as (
    select
        city,
        count(*) as count
    from addresses
    group by city
)

select * from aggregated
