-- Generated from specs/etl/shop_customers.yml by `databank generate`.
with records as (
    select *
    from {{ ref('shop_clean_customers_checked') }}
    where _outcome = 'accepted'
),

-- One record for each customer_id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by _batch_id desc, _row_number desc
        ) as _newest_rank
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1 or (customer_id is null)
),

-- Who signs up again with the same e-mail is the customer we know already.
-- Records alike in email are one; a record without any is by itself.
one_account_an_email_ranked as (
    select
        *,
        row_number() over (
            partition by email
            order by signed_up_on asc nulls last, _batch_id desc, _row_number desc
        ) as _one_account_an_email_rank
    from newest
),

one_account_an_email as (
    select *
    from one_account_an_email_ranked
    where _one_account_an_email_rank = 1 or (email is null)
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
        _batch_id,
        _row_number,
        _loaded_at
    from one_account_an_email
)

select * from final
