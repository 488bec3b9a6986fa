-- Generated from specs/etl/every_rule.yml by `databank generate`.
with records as (
    select *
    from {{ ref('applicants_checked') }}
    where _outcome = 'accepted'
),

-- One record for each id: the newest.
newest_ranked as (
    select
        *,
        row_number() over (
            partition by id
            order by _batch_id desc, _row_number desc
        ) as _newest_rank
    from records
),

newest as (
    select *
    from newest_ranked
    where _newest_rank = 1 or (id is null)
),

-- Records alike in email are one; a record without any is by itself.
one_each_ranked as (
    select
        *,
        row_number() over (
            partition by email
            order by applied_on desc nulls first, _batch_id desc, _row_number desc
        ) as _one_each_rank
    from newest
),

one_each as (
    select *
    from one_each_ranked
    where _one_each_rank = 1 or (email is null)
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
        _batch_id,
        _row_number,
        _loaded_at
    from one_each
)

select * from final
