-- Each metric of each table and load day, counted anew from the ledger, from bronze and from what
-- became of the records; and a metric has one pair of thresholds.
{%- set bronze = [
    'scout_raw_transactions', 'scout_raw_customers', 'scout_raw_products', 'scout_raw_campaigns',
    'scout_raw_events', 'ces_raw_feedback', 'ces_raw_interactions', 'neural_databank_raw_logs'
] %}
{%- set outcomes = {
    'scout_clean_campaigns': 'scout_campaigns_outcomes',
    'scout_clean_events': 'scout_events_outcomes',
    'ces_clean_feedback': 'ces_feedback_outcomes',
    'ces_clean_interactions': 'ces_interactions_outcomes',
    'neural_databank_operations': 'neural_databank_logs_outcomes',
} %}

with batches as (
    select
        batch_id,
        raw_table,
        rows_read,
        rows_loaded,
        loaded_at,
        cast(loaded_at as date) as day
    from {{ ref('load_batches') }}
    -- Not what the control plane loads of its own.
    where substr(raw_table, 1, 1) <> '_'
),

rejects as (
    select
        batch_id,
        count(*) as lines
    from {{ ref('load_rejects') }}
    group by batch_id
),

loads as (
    select
        batches.raw_table as table_name,
        batches.day,
        sum(batches.rows_read) as rows_read,
        sum(batches.rows_loaded) as rows_loaded,
        coalesce(sum(rejects.lines), 0) as rejected,
        min(batches.loaded_at) as first_at,
        max(batches.loaded_at) as last_at
    from batches
    left join rejects on batches.batch_id = rejects.batch_id
    group by batches.raw_table, batches.day
),

load_gaps as (
    select
        table_name,
        day,
        first_at,
        lag(last_at) over (partition by table_name order by day) as before_at
    from loads
),

records as (
    {%- for table in bronze %}
        select
            '{{ table }}' as table_name,
            batches.day,
            count(*) as records,
            sum(case when {{ array_size('_failed_checks') }} = 0 then 1 else 0 end) as valid
        from {{ ref(table) }} as records
        inner join batches on records._batch_id = batches.batch_id
        group by batches.day
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
),

ends as (
    {%- for table, model in outcomes.items() %}
        select
            '{{ table }}' as table_name,
            batches.day,
            count(*) as records,
            sum(case when ends.outcome = 'duplicate' then 1 else 0 end) as duplicates,
            sum(case when ends.outcome = 'quarantine' then 1 else 0 end) as in_quarantine
        from {{ ref(model) }} as ends
        inner join batches on ends._batch_id = batches.batch_id
        group by batches.day
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
),

counted as (
    select
        'raw' as layer,
        table_name,
        'completeness' as metric_name,
        {{ ratio('rows_loaded', 'rows_read', 6) }} as metric_value,
        day
    from loads
    union all
    select
        'raw' as layer,
        table_name,
        'rejected_share' as metric_name,
        {{ ratio('rejected', 'rows_read', 6) }} as metric_value,
        day
    from loads
    union all
    select
        'raw' as layer,
        table_name,
        'freshness' as metric_name,
        {{ ratio(seconds_between('before_at', 'first_at'), '3600', 6) }} as metric_value,
        day
    from load_gaps
    union all
    select
        'bronze' as layer,
        table_name,
        'validity' as metric_name,
        {{ ratio('valid', 'records', 6) }} as metric_value,
        day
    from records
    union all
    select
        'silver' as layer,
        table_name,
        'duplicate_share' as metric_name,
        {{ ratio('duplicates', 'records', 6) }} as metric_value,
        day
    from ends
    union all
    select
        'silver' as layer,
        table_name,
        'quarantine_share' as metric_name,
        {{ ratio('in_quarantine', 'records', 6) }} as metric_value,
        day
    from ends
),

expected as (
    select * from counted
    where metric_value is not null
),

-- That bronze is complete has a test of its own.
measured as (
    select * from {{ ref('neural_databank_quality_metrics') }}
    where not (layer = 'bronze' and metric_name = 'completeness')
)

select
    coalesce(expected.layer, measured.layer) as layer,
    coalesce(expected.table_name, measured.table_name) as table_name,
    coalesce(expected.metric_name, measured.metric_name) as metric_name,
    coalesce(expected.day, measured.measurement_date) as day
from expected
full outer join measured
    on
        expected.layer = measured.layer
        and expected.table_name = measured.table_name
        and expected.metric_name = measured.metric_name
        and expected.day = measured.measurement_date
where expected.metric_value is distinct from measured.metric_value
union all
select
    layer,
    cast('(all)' as varchar) as table_name,
    metric_name,
    cast(null as date) as day
from {{ ref('neural_databank_quality_metrics') }}
group by layer, metric_name
having
    min(threshold_min) <> max(threshold_min)
    or min(threshold_max) <> max(threshold_max)
