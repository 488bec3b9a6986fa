-- Generated from specs/etl/shop_customers.yml by `databank generate`.
with records as (
    select * from {{ ref('shop_raw_customers') }}
),

typed as (
    select
        {{ try_cast('customer_id', 'integer') }} as customer_id,
        name,
        email,
        phone,
        country,
        city,
        segment,
        {{ try_cast('signed_up_on', 'date') }} as signed_up_on,
        {{ try_cast('updated_at', 'timestamp') }} as updated_at,
        nullif(
            concat_ws(
                '; ',
                {{ cast_error('customer_id', 'integer') }},
                {{ cast_error('signed_up_on', 'date') }},
                {{ cast_error('updated_at', 'timestamp') }}
            ),
            ''
        ) as _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from records
    {{ computed_once() }}
),

-- Accounts that the shop's own checks open are no customers.
without_test_accounts as (
    select
        *,
        coalesce(email is null or email not like '%@test.example', false) as _passes_without_test_accounts
    from typed
),

-- Only digits and the plus sign of a telephone number carry meaning.
plain_phone as (
    select
        customer_id,
        name,
        email,
        regexp_replace(phone, '[^0-9+]', '', 'g') as phone,
        country,
        city,
        segment,
        signed_up_on,
        updated_at,
        _passes_without_test_accounts,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from without_test_accounts
),

-- Blanks around an e-mail address come from copying it.
email_trimmed as (
    select
        customer_id,
        name,
        trim(email, ' ') as email,
        phone,
        country,
        city,
        segment,
        signed_up_on,
        updated_at,
        _passes_without_test_accounts,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from plain_phone
),

-- Capitals make no difference in an e-mail address.
email_lower_case as (
    select
        customer_id,
        name,
        lower(email) as email,
        phone,
        country,
        city,
        segment,
        signed_up_on,
        updated_at,
        _passes_without_test_accounts,
        _type_errors,
        _batch_id,
        _row_number,
        _loaded_at
    from email_trimmed
),

validated as (
    select
        *,
        nullif(
            concat_ws(
                '; ',
                case
                    when email is null
                        then 'email_present: Nobody can confirm an order without an e-mail address'
                end,
                case
                    when not {{ matches('email', '^[^@ ]+@[^@ ]+\\.[^@ ]+$') }}
                        then 'email_format: An e-mail address has a name, an at sign and a domain'
                end,
                case
                    when segment not in ('consumer', 'business')
                        then 'segment_known: The shop knows two kinds of customers'
                end
            ),
            ''
        ) as _violations
    from email_lower_case
    {{ computed_once() }}
),

judged as (
    select
        *,
        case
            when _type_errors is not null then 'quarantine'
            when not _passes_without_test_accounts then 'filtered'
            when _violations is not null then 'quarantine'
            else 'accepted'
        end as _outcome,
        case
            when _type_errors is not null
                then _type_errors
            when not _passes_without_test_accounts
                then 'without_test_accounts: Accounts that the shop''s own checks open are no customers'
            when _violations is not null
                then _violations
        end as _reason
    from validated
),

final as (
    select
        customer_id,
        name,
        email,
        phone,
        country,
        city,
        segment,
        signed_up_on,
        updated_at,
        _outcome,
        _reason,
        _batch_id,
        _row_number,
        _loaded_at
    from judged
)

select * from final
