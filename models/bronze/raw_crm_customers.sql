-- Generated from specs/etl/crm_customers.yml by `databank generate`.
with source as (
    select * from {{ source('raw', 'crm_customers') }}
),

records as (
    select
        customer_id,
        first_name,
        last_name,
        email,
        phone,
        birth_date,
        gender,
        address,
        registration_date,
        tier,
        preferred_channel,
        marketing_consent,
        language,
        updated_at,
        _batch_id,
        _source_file,
        _row_number,
        _loaded_at
    from source
)

select * from records
