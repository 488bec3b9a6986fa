-- What could not be used, as it came, and why.
with final as (
    {{ quarantined_records(
        bronze='scout_raw_campaigns',
        outcomes='scout_campaigns_outcomes',
        payload='campaign_data'
    ) }}
)

select * from final
