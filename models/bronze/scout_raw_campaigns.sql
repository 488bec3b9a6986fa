{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with definitions as (
    {{ bronze_records(
        model='raw_campaign_definitions',
        source_system='campaigns',
        columns=[
            'campaign_id', 'name', 'type', 'period', 'channels', 'objectives', 'budget',
            'target_audience', 'creative', 'kpi_targets', 'attribution_model', 'status', 'updated_at'
        ],
        nested=[
            'period', 'channels', 'objectives', 'budget', 'target_audience', 'creative',
            'kpi_targets'
        ],
        read={
            'starts_on': try_cast(json_text('period_json', 'start'), 'date'),
            'ends_on': try_cast(json_text('period_json', 'end'), 'date'),
            'updated_at_read': try_timestamp('updated_at')
        },
        checks=[
            ['campaign_id', 'campaign_id is null'],
            ['name', 'name is null'],
            ['period.start', 'starts_on is null'],
            ['period.end', 'coalesce(ends_on < starts_on, true)'],
            ['channels', 'not coalesce(' ~ json_is_array('channels_json') ~ ', false)'],
            [
                'budget.total',
                'coalesce(' ~ try_cast(json_text('budget_json', 'total'), 'decimal(12,2)')
                ~ ', -1) < 0'
            ],
            [
                'budget.currency',
                'coalesce(' ~ json_text('budget_json', 'currency') ~ ", '') <> 'EUR'"
            ],
            [
                'status',
                "coalesce(status, '') not in ('planned', 'active', 'completed', 'cancelled')"
            ],
            ['updated_at', impossible_time('updated_at_read')]
        ]
    ) }}
),

performance as (
    {{ bronze_records(
        model='raw_campaign_performance',
        source_system='performance',
        columns=[
            'date', 'campaign_id', 'channel', 'impressions', 'clicks', 'spend', 'currency',
            'conversions', 'revenue', 'attribution_model'
        ],
        read={
            'date_read': try_cast('date', 'date'),
            'impressions_read': try_cast('impressions', 'bigint')
        },
        checks=[
            ['date', impossible_time('date_read')],
            ['campaign_id', 'campaign_id is null'],
            ['channel', 'channel is null'],
            ['impressions', 'coalesce(impressions_read, -1) < 0'],
            [
                'clicks',
                'coalesce(' ~ try_cast('clicks', 'bigint')
                ~ ' not between 0 and impressions_read, true)'
            ],
            ['spend', 'coalesce(' ~ try_cast('spend', 'decimal(12,2)') ~ ', -1) < 0'],
            ['currency', "coalesce(currency, '') <> 'EUR'"],
            ['conversions', 'coalesce(' ~ try_cast('conversions', 'integer') ~ ', -1) < 0'],
            ['revenue', try_cast('revenue', 'decimal(12,2)') ~ ' is null']
        ]
    ) }}
),

records as (
    select
        id,
        _payload,
        case
            when {{ json_is_array('channels_json') }} then {{ json_texts('channels_json') }}
            else {{ no_texts() }}
        end as media_channels,
        budget_json as budget_data,
        cast(null as {{ json_type_name() }}) as performance_metrics,
        attribution_model,
        _failed,
        _batch_id,
        _row_number,
        _loaded_at
    from definitions
    union all
    select
        id,
        _payload,
        {{ by_target(
            duckdb='list_filter([channel], lambda each: each is not null)',
            postgres='array_remove(array[channel], null)'
        ) }} as media_channels,
        cast(null as {{ json_type_name() }}) as budget_data,
        {{ json_object([
            ['impressions', 'impressions'], ['clicks', 'clicks'], ['spend', 'spend'],
            ['conversions', 'conversions'], ['revenue', 'revenue'], ['currency', 'currency']
        ]) }} as performance_metrics,
        attribution_model,
        _failed,
        _batch_id,
        _row_number,
        _loaded_at
    from performance
),

final as (
    select
        id,
        _payload as campaign_data,
        cast(media_channels as varchar[]) as media_channels,
        budget_data,
        performance_metrics,
        _loaded_at as ingested_at,
        cast(attribution_model as varchar) as attribution_model,
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from records
)

select * from final
