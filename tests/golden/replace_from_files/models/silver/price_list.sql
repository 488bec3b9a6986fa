-- Generated from specs/etl/replace_from_files.yml by `databank generate`.
-- Waits for the error threshold of what it does not read:
-- depends_on: {{ ref('price_list_quarantine') }}
-- depends_on: {{ ref('load_batches') }}
with records as (
    select *
    from {{ ref('price_list_checked') }}
    where _outcome = 'accepted'
),

-- Records alike in supplier, article, price, details are one; a record without any is by itself.
whole_records_once_ranked as (
    select
        *,
        row_number() over (
            partition by supplier, article, price, cast(details as text)
            order by _batch_id desc, _row_number desc
        ) as _whole_records_once_rank
    from records
),

whole_records_once as (
    select *
    from whole_records_once_ranked
    where _whole_records_once_rank = 1 or (supplier is null and article is null and price is null and details is null)
),

final as (
    select
        supplier,
        article,
        price,
        details,
        _batch_id,
        _row_number,
        _loaded_at
    from whole_records_once
)

select * from final
