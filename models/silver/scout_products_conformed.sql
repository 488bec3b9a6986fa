{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

-- Every version of every product with its types. A version with a fault is set aside: what a
-- product costs and where it belongs is not guessed, the version before it goes on.
with records as (
    select
        id,
        product_data,
        category_hierarchy,
        ingested_at,
        _failed_checks,
        _batch_id,
        _row_number
    from {{ ref('scout_raw_products') }}
    where
        source_system = 'catalogue'
        {% if is_incremental() -%}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {%- endif %}
),

unpacked as (
    select
        id,
        {%- for name in ['product_id', 'name', 'brand', 'status'] %}
            nullif(trim({{ json_text('product_data', name) }}, ' '), '') as {{ name }},
        {%- endfor %}
        {%- for level in ['l1', 'l2', 'l3'] %}
            {{ json_text('category_hierarchy', level) }} as {{ level }},
        {%- endfor %}
        {{ json_text('product_data', 'price.amount') }} as price,
        {%- for name in ['cost', 'launch_date', 'updated_at', 'attributes', 'seasonal_flags'] %}
            {{ json_text('product_data', name) }} as {{ name }},
        {%- endfor %}
        ingested_at,
        _failed_checks,
        _batch_id,
        _row_number
    from records
    {{ computed_once() }}
),

typed as (
    select
        id,
        product_id,
        name,
        brand,
        status,
        l1,
        l2,
        l3,
        {{ try_cast('price', 'decimal(10, 2)') }} as price,
        {{ try_cast('cost', 'decimal(10, 2)') }} as cost,
        cast({{ try_timestamp('launch_date') }} as date) as launch_date,
        {{ try_timestamp('updated_at') }} as changed_at,
        {{ try_cast_jsonb('attributes') }} as attributes,
        {{ json_texts(try_cast_jsonb("coalesce(seasonal_flags, '[]')")) }} as seasonal_flags,
        ingested_at,
        _failed_checks,
        _batch_id,
        _row_number
    from unpacked
),

final as (
    select
        id as source_bronze_id,
        cast(product_id as varchar) as product_id,
        cast(name as varchar) as product_name,
        cast(l1 as varchar) as category_l1,
        cast(l2 as varchar) as category_l2,
        cast(l3 as varchar) as category_l3,
        cast(brand as varchar) as brand,
        price,
        cost,
        {{ ratio('price - cost', 'price', 4, 'decimal(18, 4)') }} as margin,
        launch_date,
        cast(status as varchar) as status,
        attributes,
        seasonal_flags,
        changed_at,
        {{ array_size('_failed_checks') }} = 0 as is_accepted,
        cast(
            case
                when {{ array_size('_failed_checks') }} > 0
                    then 'cannot be right: ' || {{ joined_texts('_failed_checks') }}
            end as varchar
        ) as reason,
        ingested_at,
        _batch_id,
        _row_number
    from typed
)

select * from final
