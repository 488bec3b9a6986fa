-- Every record of a till or the web shop that cannot be booked, as it came, with the reason.
with conformed as (
    select * from {{ ref('scout_transactions_conformed') }}
    where not is_accepted
),

bronze as (
    select * from {{ ref('scout_raw_transactions') }}
),

final as (
    select
        conformed.source_bronze_id,
        conformed.source_system,
        conformed.transaction_id,
        conformed.reason,
        bronze.transaction_data,
        conformed.ingested_at,
        conformed._batch_id,
        conformed._row_number
    from conformed
    inner join bronze on conformed.source_bronze_id = bronze.id
)

select * from final
