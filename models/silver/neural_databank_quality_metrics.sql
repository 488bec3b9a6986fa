-- One row per table, metric and day with a load. Everything is read from the load ledger and from
-- what bronze and silver say of their records, so that a rebuild says the same.
{%- set bronze = {
    'scout_raw_transactions': ['pos_transactions', 'web_orders', 'payment_events'],
    'scout_raw_customers': ['crm_customers'],
    'scout_raw_products': ['catalogue_products', 'inventory_stock'],
    'scout_raw_campaigns': ['campaign_definitions', 'campaign_performance'],
    'scout_raw_events': ['web_events'],
    'ces_raw_feedback': ['survey_feedback', 'social_mentions'],
    'ces_raw_interactions': ['support_interactions'],
    'neural_databank_raw_logs': ['agent_logs'],
} %}
{%- set outcomes = {
    'scout_clean_campaigns': 'scout_campaigns_outcomes',
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
        rows_rejected,
        loaded_at,
        cast(loaded_at as date) as load_date
    from {{ ref('load_batches') }}
    -- What the control plane loads of its own (`_lineage`) is no delivery of a source.
    where substr(raw_table, 1, 1) <> '_'
),

rejects as (
    select
        batches.raw_table,
        batches.load_date,
        count(*) as rejected_lines
    from {{ ref('load_rejects') }} as lines
    inner join batches on lines.batch_id = batches.batch_id
    group by batches.raw_table, batches.load_date
),

loads as (
    select
        raw_table,
        load_date,
        sum(rows_read) as rows_read,
        sum(rows_loaded) as rows_loaded,
        min(loaded_at) as first_loaded_at,
        max(loaded_at) as last_loaded_at
    from batches
    group by raw_table, load_date
),

in_sequence as (
    select
        *,
        lag(last_loaded_at) over (
            partition by raw_table
            order by load_date
        ) as loaded_before_at
    from loads
),

loads_and_rejects as (
    select
        in_sequence.*,
        {{ seconds_between('in_sequence.loaded_before_at', 'in_sequence.first_loaded_at') }}
            as seconds_since,
        coalesce(rejects.rejected_lines, 0) as rejected_lines
    from in_sequence
    left join rejects
        on
            in_sequence.raw_table = rejects.raw_table
            and in_sequence.load_date = rejects.load_date
),

raw_metrics as (
    select
        'raw' as layer,
        raw_table as table_name,
        'completeness' as metric_name,
        {{ ratio('rows_loaded', 'rows_read', 6, 'decimal(18, 6)') }} as metric_value,
        cast(0.99 as decimal(18, 6)) as threshold_min,
        cast(1 as decimal(18, 6)) as threshold_max,
        load_date as measurement_date,
        last_loaded_at as created_at
    from loads_and_rejects
    union all
    select
        'raw' as layer,
        raw_table as table_name,
        'rejected_share' as metric_name,
        {{ ratio('rejected_lines', 'rows_read', 6, 'decimal(18, 6)') }} as metric_value,
        cast(0 as decimal(18, 6)) as threshold_min,
        cast(0.01 as decimal(18, 6)) as threshold_max,
        load_date as measurement_date,
        last_loaded_at as created_at
    from loads_and_rejects
    union all
    select
        'raw' as layer,
        raw_table as table_name,
        'freshness' as metric_name,
        {{ ratio('seconds_since', '3600', 6, 'decimal(18, 6)') }} as metric_value,
        cast(0 as decimal(18, 6)) as threshold_min,
        cast(48 as decimal(18, 6)) as threshold_max,
        load_date as measurement_date,
        last_loaded_at as created_at
    from loads_and_rejects
),

bronze_records as (
    {%- for table in bronze %}
        select
            '{{ table }}' as table_name,
            _batch_id,
            count(*) as records,
            count(case when {{ array_size('_failed_checks') }} = 0 then 1 end) as valid_records
        from {{ ref(table) }}
        group by _batch_id
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
),

bronze_tables as (
    {%- for table, raw_tables in bronze.items() %}
        {%- set last_table = loop.last %}
        {%- for raw_table in raw_tables %}
            select
                '{{ table }}' as table_name,
                '{{ raw_table }}' as raw_table
            {% if not (loop.last and last_table) -%}
                union all
            {%- endif %}
        {%- endfor %}
    {%- endfor %}
),

bronze_days as (
    select
        bronze_tables.table_name,
        batches.load_date,
        sum(batches.rows_loaded) as rows_loaded,
        coalesce(sum(bronze_records.records), 0) as records,
        coalesce(sum(bronze_records.valid_records), 0) as valid_records,
        max(batches.loaded_at) as last_loaded_at
    from batches
    inner join bronze_tables on batches.raw_table = bronze_tables.raw_table
    left join bronze_records
        on
            bronze_tables.table_name = bronze_records.table_name
            and batches.batch_id = bronze_records._batch_id
    group by bronze_tables.table_name, batches.load_date
),

bronze_metrics as (
    select
        'bronze' as layer,
        table_name,
        'completeness' as metric_name,
        {{ ratio('records', 'rows_loaded', 6, 'decimal(18, 6)') }} as metric_value,
        cast(1 as decimal(18, 6)) as threshold_min,
        cast(1 as decimal(18, 6)) as threshold_max,
        load_date as measurement_date,
        last_loaded_at as created_at
    from bronze_days
    union all
    select
        'bronze' as layer,
        table_name,
        'validity' as metric_name,
        {{ ratio('valid_records', 'records', 6, 'decimal(18, 6)') }} as metric_value,
        cast(0.95 as decimal(18, 6)) as threshold_min,
        cast(1 as decimal(18, 6)) as threshold_max,
        load_date as measurement_date,
        last_loaded_at as created_at
    from bronze_days
),

-- Events are many: what became of each is not asked. An accepted one that is not in silver came
-- before.
events as (
    select
        _batch_id,
        count(*) as records,
        count(reason) as in_quarantine
    from {{ ref('scout_events_parsed') }}
    group by _batch_id
),

clean_events as (
    select
        _batch_id,
        count(*) as records
    from {{ ref('scout_clean_events') }}
    group by _batch_id
),

outcomes as (
    {%- for table, model in outcomes.items() %}
        select
            '{{ table }}' as table_name,
            _batch_id,
            count(*) as records,
            count(case when outcome = 'duplicate' then 1 end) as duplicates,
            count(case when outcome = 'quarantine' then 1 end) as in_quarantine
        from {{ ref(model) }}
        group by _batch_id
        union all
    {%- endfor %}
    select
        'scout_clean_events' as table_name,
        events._batch_id,
        events.records,
        events.records - events.in_quarantine - coalesce(clean_events.records, 0) as duplicates,
        events.in_quarantine
    from events
    left join clean_events on events._batch_id = clean_events._batch_id
),

silver_days as (
    select
        outcomes.table_name,
        batches.load_date,
        sum(outcomes.records) as records,
        sum(outcomes.duplicates) as duplicates,
        sum(outcomes.in_quarantine) as in_quarantine,
        max(batches.loaded_at) as last_loaded_at
    from outcomes
    inner join batches on outcomes._batch_id = batches.batch_id
    group by outcomes.table_name, batches.load_date
),

silver_metrics as (
    {%- for metric, column in [
        ('duplicate_share', 'duplicates'), ('quarantine_share', 'in_quarantine')
    ] %}
        select
            'silver' as layer,
            table_name,
            '{{ metric }}' as metric_name,
            {{ ratio(column, 'records', 6, 'decimal(18, 6)') }} as metric_value,
            cast(0 as decimal(18, 6)) as threshold_min,
            cast(0.05 as decimal(18, 6)) as threshold_max,
            load_date as measurement_date,
            last_loaded_at as created_at
        from silver_days
        {% if not loop.last -%}
            union all
        {%- endif %}
    {%- endfor %}
),

metrics as (
    select * from raw_metrics
    union all
    select * from bronze_metrics
    union all
    select * from silver_metrics
),

-- What cannot be measured says nothing: a load of no records, the first load of a table.
final as (
    select
        {{ surrogate_uuid([
            'layer', 'table_name', 'metric_name', 'cast(measurement_date as varchar)'
        ]) }} as id,
        cast(layer as varchar) as layer,
        cast(table_name as varchar) as table_name,
        cast(metric_name as varchar) as metric_name,
        metric_value,
        threshold_min,
        threshold_max,
        cast(
            case
                when metric_value between threshold_min and threshold_max then 'pass' else 'fail'
            end
            as varchar
        ) as status,
        measurement_date,
        created_at
    from metrics
    where metric_value is not null
)

select * from final
