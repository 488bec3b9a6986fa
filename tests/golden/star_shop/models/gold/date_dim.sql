-- Generated from specs/stars/shop.yml by `databank generate`.
with orders as (
    select * from {{ ref('orders') }}
),

visits as (
    select * from {{ ref('visits') }}
),

dates as (
    select cast(placed_at as date) as date
    from orders
    union all
    select due as date
    from orders
    union all
    select date
    from visits
),

years as (
    select distinct cast(date_trunc('year', date) as date) as first_day
    from dates
    where date is not null
),

numbered as (
    select
        first_day,
        {{ each_number_to('365') }} as number
    from years
),

days as (
    select
        first_day,
        first_day + cast(number as integer) as date
    from numbered
),

parts as (
    select
        date,
        cast(extract(year from date) as integer) as year,
        cast(extract(quarter from date) as integer) as quarter,
        cast(extract(month from date) as integer) as month,
        cast(extract(isoyear from date) as integer) as iso_year,
        cast(extract(week from date) as integer) as iso_week,
        cast(extract(day from date) as integer) as day_of_month,
        cast(extract(doy from date) as integer) as day_of_year,
        cast(extract(isodow from date) as integer) as weekday
    from days
    where extract(year from date) = extract(year from first_day)
),

members as (
    select
        cast(year * 10000 + month * 100 + day_of_month as integer) as date_key,
        date,
        year,
        quarter,
        cast(year as text) || '-Q' || cast(quarter as text) as year_quarter,
        month,
        cast(year as text) || '-' || lpad(cast(month as text), 2, '0') as year_month,
        cast(
            case month
                when 1 then 'January'
                when 2 then 'February'
                when 3 then 'March'
                when 4 then 'April'
                when 5 then 'May'
                when 6 then 'June'
                when 7 then 'July'
                when 8 then 'August'
                when 9 then 'September'
                when 10 then 'October'
                when 11 then 'November'
                when 12 then 'December'
            end as text
        ) as month_name,
        iso_year,
        iso_week,
        cast(iso_year as text) || '-W' || lpad(cast(iso_week as text), 2, '0') as iso_year_week,
        day_of_month,
        day_of_year,
        weekday,
        cast(
            case weekday
                when 1 then 'Monday'
                when 2 then 'Tuesday'
                when 3 then 'Wednesday'
                when 4 then 'Thursday'
                when 5 then 'Friday'
                when 6 then 'Saturday'
                when 7 then 'Sunday'
            end as text
        ) as weekday_name,
        weekday >= 6 as is_weekend
    from parts
),

-- What facts point to that have no date.
unknown_member as (
    select
        0 as date_key,
        cast(null as date) as date,
        cast(null as integer) as year,
        cast(null as integer) as quarter,
        cast('(unknown)' as text) as year_quarter,
        cast(null as integer) as month,
        cast('(unknown)' as text) as year_month,
        cast('(unknown)' as text) as month_name,
        cast(null as integer) as iso_year,
        cast(null as integer) as iso_week,
        cast('(unknown)' as text) as iso_year_week,
        cast(null as integer) as day_of_month,
        cast(null as integer) as day_of_year,
        cast(null as integer) as weekday,
        cast('(unknown)' as text) as weekday_name,
        cast(null as boolean) as is_weekend
),

final as (
    select * from members
    union all
    select * from unknown_member
)

select * from final
