-- Generated from specs/etl/every_rule.yml by `databank generate`.
with records as (
    select * from {{ ref('raw_applicants') }}
),

typed as (
    select
        {{ try_cast('id', 'integer') }} as id,
        name,
        email,
        phone,
        country,
        status,
        {{ try_cast('birth_year', 'integer') }} as birth_year,
        {{ try_cast('applied_on', 'date') }} as applied_on,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('id', 'integer') }},
                {{ cast_error('birth_year', 'integer') }},
                {{ cast_error('applied_on', 'date') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

age_at_entry as (
    select
        id,
        name,
        email,
        phone,
        country,
        status,
        birth_year,
        applied_on,
        cast(2024 - birth_year as integer) as age,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from typed
),

in_listed_countries as (
    select
        *,
        coalesce(country in ('DE', 'FR', 'CÔTE D''IVOIRE'), false) as _passes_in_listed_countries
    from age_at_entry
),

email_lower as (
    select
        id,
        name,
        lower(email) as email,
        phone,
        country,
        status,
        birth_year,
        applied_on,
        age,
        _passes_in_listed_countries,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from in_listed_countries
),

country_upper as (
    select
        id,
        name,
        email,
        phone,
        upper(country) as country,
        status,
        birth_year,
        applied_on,
        age,
        _passes_in_listed_countries,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from email_lower
),

tidy_name as (
    select
        id,
        regexp_replace(name, '[ \t\n\r\f\v]+', ' ', 'g') as name,
        email,
        phone,
        country,
        status,
        birth_year,
        applied_on,
        age,
        _passes_in_listed_countries,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from country_upper
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when id is null
                        then 'id_present: Nobody applies without a number'
                end,
                case
                    when not {{ matches('email', '^[A-Za-z0-9_]+@[A-Za-z0-9_]+\\.[A-Za-z0-9_]{2,}$') }}
                        then 'email_format: As the mail server takes it'
                end,
                case
                    when age < 18 or age > 99
                        then 'age_range'
                end,
                case
                    when applied_on < cast('2024-01-01' as date)
                        then 'applied_on_range'
                end,
                case
                    when length(country) < 2 or length(country) > 40
                        then 'country_length'
                end,
                case
                    when status not in ('new', 'it''s off', 'hired')
                        then 'status_known'
                end,
                case
                    when not (status <> 'hired' or age >= 18)
                        then 'hired_are_adult'
                end
            ),
            ''
        ) as _violations
    from tidy_name
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_in_listed_countries then 'filtered'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_in_listed_countries
                then 'in_listed_countries'
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

final as (
    select
        id,
        name,
        email,
        phone,
        country,
        status,
        birth_year,
        applied_on,
        age,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
