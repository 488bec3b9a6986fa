-- Generated from specs/etl/awkward_words.yml by `databank generate`.
with records as (
    select *
    from {{ ref('odd_words_checked') }}
    where _outcome = 'accepted'
),

-- Once. */ {{ '{{' }} y }}.
-- Records alike in order_, select_ are one; a record without any is by itself.
typed_2_ranked as (
    select
        *,
        row_number() over (
            partition by order_, select_
            order by _batch_id desc, _row_number desc
        ) as _typed_2_rank
    from records
),

typed_2 as (
    select *
    from typed_2_ranked
    where _typed_2_rank = 1 or (order_ is null and select_ is null)
),

final as (
    select
        order_,
        column_1st,
        select_,
        is_current,
        _batch_id,
        _row_number,
        _loaded_at
    from typed_2
)

select * from final
