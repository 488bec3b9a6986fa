-- One row per day of every year with a sale, feedback, or something that a campaign did.
{%- set months = [
    'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
    'October', 'November', 'December'
] %}
{%- set weekdays = [
    'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'
] %}

with covered as (
    select
        min(transaction_date) as first_date,
        max(transaction_date) as last_date
    from {{ ref('scout_clean_transactions') }}
    union all
    select
        min(submission_date) as first_date,
        max(submission_date) as last_date
    from {{ ref('ces_clean_feedback') }}
    union all
    select
        min(performance_date) as first_date,
        max(performance_date) as last_date
    from {{ ref('scout_campaign_performance') }}
),

years as (
    select
        cast(date_trunc('year', min(first_date)) as date) as first_date,
        cast(date_trunc('year', max(last_date)) + interval '1 year' as date) as end_date
    from covered
),

numbers as (
    select
        first_date,
        {{ each_number_to('end_date - first_date - 1') }} as number
    from years
),

days as (
    select first_date + cast(number as integer) as date
    from numbers
),

parts as (
    select
        date,
        cast(extract(year from date) as integer) as year,
        cast(extract(quarter from date) as integer) as quarter,
        cast(extract(month from date) as integer) as month,
        cast(extract(day from date) as integer) as day_of_month,
        cast(extract(doy from date) as integer) as day_of_year,
        cast(extract(isoyear from date) as integer) as iso_year,
        cast(extract(week from date) as integer) as iso_week,
        cast(extract(isodow from date) as integer) as weekday
    from days
),

final as (
    select
        date,
        year,
        quarter,
        cast(year as varchar) || '-Q' || cast(quarter as varchar) as year_quarter,
        month,
        cast(year as varchar) || '-' || lpad(cast(month as varchar), 2, '0') as year_month,
        cast(
            case month
                {%- for name in months %}
                    when {{ loop.index }} then '{{ name }}'
                {%- endfor %}
            end as varchar
        ) as month_name,
        iso_year,
        iso_week,
        cast(iso_year as varchar) || '-W' || lpad(cast(iso_week as varchar), 2, '0')
            as iso_year_week,
        day_of_month,
        day_of_year,
        weekday,
        cast(
            case weekday
                {%- for name in weekdays %}
                    when {{ loop.index }} then '{{ name }}'
                {%- endfor %}
            end as varchar
        ) as weekday_name,
        weekday >= 6 as is_weekend,
        cast(date_trunc('month', date) as date) as month_start,
        cast(date_trunc('week', date) as date) as week_start
    from parts
)

select * from final
