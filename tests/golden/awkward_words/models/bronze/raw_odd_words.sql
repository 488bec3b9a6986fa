-- Generated from specs/etl/awkward_words.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'it_s_odd_quoted_here') }}
),

records as (
    select
        order_,
        column_1st,
        select_,
        is_current,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
