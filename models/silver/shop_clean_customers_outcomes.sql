-- Generated from specs/etl/shop_customers.yml by `databank generate`.
with checked as (
    select * from {{ ref('shop_clean_customers_checked') }}
),

records as (
    select *
    from checked
    where _outcome = 'accepted'
),

-- One record for each customer_id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by _batch_id desc, _row_number desc
        ) as _newest_rank,
        first_value(_batch_id) over (
            partition by customer_id
            order by _batch_id desc, _row_number desc
        ) as _newest_batch_id,
        first_value(_row_number) over (
            partition by customer_id
            order by _batch_id desc, _row_number desc
        ) as _newest_row_number
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1 or (customer_id is null)
),

newest_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'a newer record has the same customer_id' as reason,
        _newest_batch_id as survivor_batch_id,
        _newest_row_number as survivor_row_number
    from newest_ranked
    where not (_newest_rank = 1 or (customer_id is null))
),

-- Who signs up again with the same e-mail is the customer we know already.
-- Records alike in email are one; a record without any is by itself.
one_account_an_email_ranked as (
    select
        *,
        row_number() over (
            partition by email
            order by signed_up_on asc nulls last, _batch_id desc, _row_number desc
        ) as _one_account_an_email_rank,
        first_value(_batch_id) over (
            partition by email
            order by signed_up_on asc nulls last, _batch_id desc, _row_number desc
        ) as _one_account_an_email_batch_id,
        first_value(_row_number) over (
            partition by email
            order by signed_up_on asc nulls last, _batch_id desc, _row_number desc
        ) as _one_account_an_email_row_number
    from newest
),

one_account_an_email as (
    select *
    from one_account_an_email_ranked
    where _one_account_an_email_rank = 1 or (email is null)
),

one_account_an_email_duplicates as (
    select
        _batch_id,
        _row_number,
        'duplicate' as outcome,
        'one_account_an_email' as reason,
        _one_account_an_email_batch_id as survivor_batch_id,
        _one_account_an_email_row_number as survivor_row_number
    from one_account_an_email_ranked
    where not (_one_account_an_email_rank = 1 or (email is null))
),

kept as (
    select
        _batch_id,
        _row_number,
        'silver' as outcome,
        cast(null as text) as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from one_account_an_email
),

set_aside as (
    select
        _batch_id,
        _row_number,
        _outcome as outcome,
        _reason as reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from checked
    where _outcome <> 'accepted'
),

current_batches as (
    select max(batch_id) as batch_id
    from {{ ref('load_batches') }}
    where raw_table = 'shop_customers'
    group by source
),

rejected_lines as (
    select
        batch_id as _batch_id,
        line_number as _row_number,
        'quarantine' as outcome,
        reason,
        cast(null as bigint) as survivor_batch_id,
        cast(null as bigint) as survivor_row_number
    from {{ ref('load_rejects') }}
    where
        raw_table = 'shop_customers'
        and batch_id in (select current_batches.batch_id from current_batches)
),

final as (
    select * from kept
    union all
    select * from newest_duplicates
    union all
    select * from one_account_an_email_duplicates
    union all
    select * from set_aside
    union all
    select * from rejected_lines
)

select * from final
