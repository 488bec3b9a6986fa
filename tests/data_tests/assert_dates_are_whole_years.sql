-- The dimension of dates has every day of its years once, and its weeks and weekdays are right by
-- another way of counting: days from a Monday, and the year and the day of the week's Thursday.
with days as (
    select
        *,
        lead(date) over (order by date) as next_date,
        (date - date '1900-01-01') % 7 + 1 as counted_weekday,
        date - cast((date - date '1900-01-01') % 7 as integer) + 3 as thursday
    from {{ ref('dates_dim') }}
)

select date
from days
where
    (next_date is null and (month <> 12 or day_of_month <> 31))
    or next_date <> date + 1
    or weekday <> counted_weekday
    or is_weekend <> (weekday_name in ('Saturday', 'Sunday'))
    or iso_year <> extract(year from thursday)
    or iso_week <> floor((extract(doy from thursday) + 6) / 7)
    or week_start <> thursday - 3
    or month_start <> date - day_of_month + 1
    or year_month || '-' || lpad(cast(day_of_month as varchar), 2, '0') <> cast(date as varchar)
union all
select min(date) as date
from {{ ref('dates_dim') }}
having min(day_of_year) <> 1 or max(day_of_year) < 365
union all
select min(date) as date
from {{ ref('dates_dim') }}
group by year
having count(*) <> max(day_of_year) or min(day_of_year) <> 1
