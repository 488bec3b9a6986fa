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
    select count(*) - count(distinct transaction_id) as records
    from {{ ref('scout_transactions_conformed') }}
    where is_accepted
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
