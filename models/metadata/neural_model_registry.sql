-- One row per rule that predicts or judges, with how good it is, as far as the warehouse can tell.
with registry as (
    select * from {{ ref('model_registry') }}
),

-- A rating says whether a text is meant well; one in the middle says nothing.
judged_feedback as (
    select
        sentiment_label,
        case when rating >= 4 then 'positive' else 'negative' end as rated
    from {{ ref('ces_clean_feedback') }}
    where
        sentiment_label is not null
        and (rating >= 4 or rating <= 2)
),

sentiment_counts as (
    select
        count(*) as texts,
        count(case when sentiment_label = rated then 1 end) as agreeing,
        count(case when sentiment_label = 'neutral' then 1 end) as neutral,
        count(case when sentiment_label not in (rated, 'neutral') then 1 end) as contradicting
    from judged_feedback
),

days as (
    select
        product_id,
        date,
        units_sold,
        on_hand,
        demand_forecast
    from {{ ref('scout_kpi_product_performance') }}
    where product_id <> '(unknown)'
),

-- A day that ended sold out without a sale does not say what was wanted.
forecast_days as (
    select
        today.demand_forecast as forecast,
        today.units_sold as units_today,
        tomorrow.units_sold as units_tomorrow
    from days as today
    inner join days as tomorrow
        on
            today.product_id = tomorrow.product_id
            and tomorrow.date = today.date + 1
    where
        today.demand_forecast is not null
        and (tomorrow.units_sold > 0 or coalesce(tomorrow.on_hand, 1) > 0)
),

forecast_sums as (
    select
        count(*) as forecasts,
        sum(units_tomorrow) as units,
        sum(forecast - units_tomorrow) as error,
        sum(abs(forecast - units_tomorrow)) as absolute_error,
        sum(abs(units_today - units_tomorrow)) as naive_absolute_error
    from forecast_days
),

metrics as (
    select
        'feedback_sentiment' as model_id,
        {{ json_object([
            ('measured', 'true'),
            ('n', 'texts'),
            ('agreement_with_rating', ratio('agreeing', 'texts', 4)),
            ('neutral_share', ratio('neutral', 'texts', 4)),
            ('contradiction_share', ratio('contradicting', 'texts', 4))
        ]) }} as accuracy_metrics
    from sentiment_counts
    where texts > 0
    union all
    select
        'product_demand_forecast' as model_id,
        {{ json_object([
            ('measured', 'true'),
            ('n', 'forecasts'),
            ('mean_absolute_error_units', ratio('absolute_error', 'forecasts', 4)),
            ('wape', ratio('absolute_error', 'units', 4)),
            ('bias', ratio('error', 'units', 4)),
            ('wape_of_same_as_today', ratio('naive_absolute_error', 'units', 4))
        ]) }} as accuracy_metrics
    from forecast_sums
    where forecasts > 0
),

final as (
    select
        registry.model_id,
        registry.model_name,
        registry.model_type,
        registry.framework,
        registry.version,
        registry.deployment_status,
        coalesce(
            metrics.accuracy_metrics,
            {{ json_object([
                ('measured', 'false'),
                ('reason', 'registry.not_measured_because')
            ]) }}
        ) as accuracy_metrics,
        registry.training_data_lineage,
        {{ try_cast_jsonb('registry.hyperparameters') }} as hyperparameters,
        registry.created_at,
        registry.deployed_at
    from registry
    left join metrics on registry.model_id = metrics.model_id
)

select * from final
