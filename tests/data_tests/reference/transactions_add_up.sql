-- Every record of a till or the web shop is booked, in quarantine, or came again; none is lost.
with bronze as (
    select count(*) as records
    from {{ ref('scout_raw_transactions') }}
    where source_system in ('pos', 'web')
),

booked as (
    select count(*) as records from {{ ref('scout_clean_transactions') }}
),

quarantined as (
    select count(*) as records from {{ ref('scout_transactions_quarantine') }}
),

again as (
    select count(*) - count(distinct parsed.transaction_id) as records
    from {{ ref('scout_transactions_parsed') }} as parsed
    left join {{ ref('scout_transactions_quarantine') }} as quarantined
        on parsed.source_bronze_id = quarantined.source_bronze_id
    where quarantined.source_bronze_id is null
)

select
    bronze.records as in_bronze,
    booked.records as booked,
    quarantined.records as quarantined,
    again.records as again
from bronze
cross join booked
cross join quarantined
cross join again
where bronze.records <> booked.records + quarantined.records + again.records
