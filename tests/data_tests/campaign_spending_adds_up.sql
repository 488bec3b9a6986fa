-- What campaigns have spent in silver's list of them is what gold says, to the cent.
with listed as (
    select sum(spent) as spent from {{ ref('scout_clean_campaigns') }}
),

gold as (
    select coalesce(sum(spend), 0) as spent from {{ ref('scout_kpi_campaign_attribution') }}
)

select
    listed.spent as listed_spent,
    gold.spent as gold_spent
from listed
cross join gold
where listed.spent <> gold.spent
