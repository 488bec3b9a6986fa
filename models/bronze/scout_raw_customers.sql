{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

{%- set columns = [
    'customer_id', 'first_name', 'last_name', 'email', 'phone', 'birth_date', 'gender', 'address',
    'registration_date', 'tier', 'preferred_channel', 'marketing_consent', 'language', 'updated_at'
] %}
{#- Checks see the values as they came; of an address, only what is listed here is kept. -#}
{%- set masked = {
    'first_name': mask_name('first_name'),
    'last_name': mask_name('last_name'),
    'email': mask_email('email'),
    'phone': mask_phone('phone'),
    'birth_date': mask_date('birth_date'),
    'address': 'case when address_json is not null then ' ~ json_object([
        ['street', mask_words(json_text('address_json', 'street'))],
        ['postcode', json_text('address_json', 'postcode')],
        ['city', json_text('address_json', 'city')],
        ['region', json_text('address_json', 'region')],
        ['country', json_text('address_json', 'country')]
    ]) ~ ' end'
} if masks_pii() else {} %}

with crm as (
    {{ bronze_records(
        model='raw_crm_customers',
        source_system='crm',
        columns=columns + ['_source_file'],
        nested=['address'],
        read={
            'birth_date_read': try_timestamp('birth_date'),
            'registration_date_read': try_timestamp('registration_date'),
            'updated_at_read': try_timestamp('updated_at')
        },
        payload=record_json(columns, ['address'], masked),
        checks=[
            ['customer_id', "coalesce(trim(customer_id, ' '), '') in ('', '(unknown)', '(anonymous)')"],
            ['first_name', "coalesce(trim(first_name, ' '), '') = ''"],
            ['last_name', "coalesce(trim(last_name, ' '), '') = ''"],
            [
                'email',
                "not lower(trim(email, ' ')) ~ '^[a-z0-9._%+-]+@([a-z0-9-]+[.])+[a-z]{2,}$'"
            ],
            ['phone', "not phone ~ '^[+]?[0-9 ()/.-]{6,30}$'"],
            [
                'birth_date',
                "coalesce(birth_date, '') <> '' and not coalesce("
                ~ "birth_date_read between timestamp '1900-01-02' and updated_at_read, false)"
            ],
            ['gender', "gender not in ('female', 'male', 'other')"],
            ['address', "coalesce(address, '') <> '' and address_json is null"],
            ['registration_date', 'coalesce(registration_date_read > updated_at_read, true)'],
            ['tier', "coalesce(tier, '') not in ('bronze', 'silver', 'gold', 'platinum')"],
            [
                'preferred_channel',
                "preferred_channel not in ('store', 'web', 'mobile', 'marketplace')"
            ],
            ['marketing_consent', try_cast('marketing_consent', 'boolean') ~ ' is null'],
            ['updated_at', impossible_time('updated_at_read')]
        ]
    ) }}
),

final as (
    select
        id,
        cast(source_system as varchar) as source_system,
        _payload as customer_data,
        _loaded_at as ingested_at,
        {{ 'true' if masks_pii() else 'false' }} as pii_masked,
        cast('crm_customers/' || _source_file || '#' || _row_number as varchar) as data_lineage,
        _failed as quality_flags,
        _failed as _failed_checks,
        _batch_id,
        _row_number
    from crm
)

select * from final
