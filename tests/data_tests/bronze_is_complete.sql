-- Every bronze table has exactly the records that the load ledger counted, load day by load day.
select
    table_name,
    measurement_date,
    metric_value
from {{ ref('neural_databank_quality_metrics') }}
where
    layer = 'bronze'
    and metric_name = 'completeness'
    and metric_value <> 1
