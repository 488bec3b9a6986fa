-- One row per customer. The id that was given first stands for the person, with what is known
-- under it; what is missing there comes from the person's other ids.
with versions as (
    select * from {{ ref('scout_customers_matched') }}
    where is_newest
),

customer_value as (
    select * from {{ ref('scout_customer_value') }}
),

ingested as (
    select
        customer_id,
        min(first_ingested_at) as created_at,
        max(ingested_at) as updated_at
    from {{ ref('scout_customers_matched') }}
    group by customer_id
),

-- For each value, the newest version of another id that knows it comes first.
others_ranked as (
    select
        {%- for name in ['email', 'phone', 'birth_date', 'gender', 'last_name', 'first_name'] %}
            row_number() over (
                partition by customer_id
                order by
                    case when {{ name }} is null then 1 else 0 end,
                    changed_at desc,
                    customer_id_given collate "C"
            ) as {{ name }}_rank,
        {%- endfor %}
        *
    from versions
    where not is_survivor
),

others as (
    select
        {%- for name in ['email', 'phone', 'birth_date', 'gender', 'last_name', 'first_name'] %}
            max(case when {{ name }}_rank = 1 then {{ name }} end) as {{ name }},
        {%- endfor %}
        -- Who said no under one id is not written to under another.
        min(case when not marketing_consent then 1 end) as declined,
        customer_id
    from others_ranked
    group by customer_id
),

golden as (
    select
        versions.customer_id,
        {%- for name in ['first_name', 'last_name', 'email', 'phone', 'birth_date', 'gender'] %}
            coalesce(versions.{{ name }}, others.{{ name }}) as {{ name }},
        {%- endfor %}
        versions.street,
        versions.postcode,
        versions.city,
        versions.region,
        versions.country,
        versions.registration_date,
        coalesce(versions.customer_tier, 'unknown') as customer_tier,
        versions.preferred_channel,
        coalesce(versions.marketing_consent and others.declined is null, false)
            as marketing_consent,
        versions.language,
        versions.quality_flags,
        versions.source_bronze_id
    from versions
    left join others on versions.customer_id = others.customer_id
    where versions.is_survivor
),

-- An address that two persons share is the older customer's.
with_email_owner as (
    select
        *,
        row_number() over (
            partition by email
            order by registration_date asc nulls last, customer_id collate "C"
        ) as email_rank
    from golden
),

customers as (
    select
        with_email_owner.customer_id,
        with_email_owner.first_name,
        with_email_owner.last_name,
        case when with_email_owner.email_rank = 1 then with_email_owner.email end as email,
        with_email_owner.phone,
        with_email_owner.birth_date,
        with_email_owner.gender,
        {{ json_object([
            ('street', 'with_email_owner.street'),
            ('postcode', 'with_email_owner.postcode'),
            ('city', 'with_email_owner.city'),
            ('region', 'with_email_owner.region'),
            ('country', 'with_email_owner.country')
        ]) }} as address,
        with_email_owner.registration_date,
        with_email_owner.customer_tier,
        coalesce(customer_value.lifetime_value, 0) as lifetime_value,
        customer_value.churn_risk_score,
        with_email_owner.preferred_channel,
        with_email_owner.marketing_consent,
        ingested.created_at,
        greatest(ingested.updated_at, customer_value.updated_at) as updated_at,
        with_email_owner.source_bronze_id,
        case
            when with_email_owner.email is not null and with_email_owner.email_rank > 1
                then {{ joined_arrays(
                    'with_email_owner.quality_flags',
                    text_array(["cast('email_shared' as varchar)"])
                ) }}
            else with_email_owner.quality_flags
        end as quality_flags,
        with_email_owner.language,
        with_email_owner.country,
        customer_value.first_purchase_date,
        customer_value.last_purchase_date,
        coalesce(customer_value.purchase_days, 0) as purchase_days
    from with_email_owner
    inner join ingested on with_email_owner.customer_id = ingested.customer_id
    left join customer_value on with_email_owner.customer_id = customer_value.customer_id
),

-- Sales without a customer, and those of an id that the CRM does not know, are somebody's, too.
unknown_members as (
    {{ unknown_customers() }}
),

final as (
    select
        cast(customer_id as varchar) as customer_id,
        cast(first_name as varchar) as first_name,
        cast(last_name as varchar) as last_name,
        cast(email as varchar) as email,
        cast(phone as varchar) as phone,
        birth_date,
        cast(gender as varchar) as gender,
        address,
        registration_date,
        cast(customer_tier as varchar) as customer_tier,
        cast(lifetime_value as decimal(12, 2)) as lifetime_value,
        cast(churn_risk_score as decimal(18, 6)) as churn_risk_score,
        cast(preferred_channel as varchar) as preferred_channel,
        marketing_consent,
        created_at,
        updated_at,
        source_bronze_id,
        quality_flags,
        cast(language as varchar) as language,
        cast(country as varchar) as country,
        first_purchase_date,
        last_purchase_date,
        cast(purchase_days as integer) as purchase_days
    from customers
    union all
    select
        cast(customer_id as varchar) as customer_id,
        cast(null as varchar) as first_name,
        cast(last_name as varchar) as last_name,
        cast(null as varchar) as email,
        cast(null as varchar) as phone,
        cast(null as date) as birth_date,
        cast(null as varchar) as gender,
        {{ try_cast_jsonb('cast(null as varchar)') }} as address,
        cast(null as date) as registration_date,
        customer_tier,
        cast(0 as decimal(12, 2)) as lifetime_value,
        cast(null as decimal(18, 6)) as churn_risk_score,
        cast(null as varchar) as preferred_channel,
        false as marketing_consent,
        created_at,
        created_at as updated_at,
        cast(null as uuid) as source_bronze_id,
        {{ text_array(['cast(null as varchar)']) }} as quality_flags,
        cast(null as varchar) as language,
        cast(null as varchar) as country,
        cast(null as date) as first_purchase_date,
        cast(null as date) as last_purchase_date,
        cast(0 as integer) as purchase_days
    from unknown_members
)

select * from final
