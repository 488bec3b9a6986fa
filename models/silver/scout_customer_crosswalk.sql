-- Who is who. Two ids are one person if they share an e-mail address, a telephone number and the
-- date of birth, or an address and the date of birth, and the names are alike.
with recursive versions as (
    select *
    from {{ ref('scout_customers_conformed') }}
    where is_accepted
),

-- What was last known of each id, for versions in which it is missing.
known_names as (
    select
        customer_id_given,
        last_name,
        row_number() over (
            partition by customer_id_given
            order by changed_at desc, _batch_id desc, _row_number desc
        ) as recency
    from versions
    where last_name is not null
),

known_births as (
    select
        customer_id_given,
        birth_date,
        row_number() over (
            partition by customer_id_given
            order by changed_at desc, _batch_id desc, _row_number desc
        ) as recency
    from versions
    where birth_date is not null
),

ids as (
    select
        versions.customer_id_given,
        min(versions.registration_date) as registration_date
    from versions
    group by versions.customer_id_given
),

-- Every address and number that an id ever had.
persons as (
    select distinct
        versions.customer_id_given,
        substr({{ plain_letters('versions.first_name') }}, 1, 1) as initial,
        {{ plain_letters('coalesce(versions.last_name, known_names.last_name)') }} as name,
        coalesce(versions.birth_date, known_births.birth_date) as birth_date,
        versions.email,
        versions.phone,
        {{ plain_letters('versions.street') }} || regexp_replace(versions.street, '[^0-9]', '', 'g')
        || '|' || versions.postcode as place
    from versions
    left join known_names
        on
            versions.customer_id_given = known_names.customer_id_given
            and known_names.recency = 1
    left join known_births
        on
            versions.customer_id_given = known_births.customer_id_given
            and known_births.recency = 1
    {{ computed_once() }}
),

{%- set rules = [
    ('email', '0.99', 'one.email = other.email'),
    ('phone', '0.97', 'one.phone = other.phone and one.birth_date = other.birth_date'),
    ('address', '0.90', 'one.place = other.place and one.birth_date = other.birth_date')
] %}

candidates as (
    {%- for rule, confidence, condition in rules %}
        select
            one.customer_id_given as one_id,
            other.customer_id_given as other_id,
            cast('{{ rule }}' as varchar) as rule,
            cast({{ confidence }} as decimal(3, 2)) as confidence,
            one.name as one_name,
            other.name as other_name
        from persons as one
        inner join persons as other
            on
                {{ condition.replace(' and ', '\n            and ') }}
                and one.customer_id_given < other.customer_id_given
                and one.initial = other.initial
        {% if not loop.last -%}
            union
        {%- endif %}
    {%- endfor %}
),

names as (
    select one_name as name from candidates
    union
    select other_name as name from candidates
),

places as (
    select
        name,
        {{ each_number_to('length(name)') }} as place
    from names
),

-- Each name with one letter left out, or none: two names that have such a text in common differ by
-- no more than a letter too many, one too few, another one, or two that changed places.
shortened as (
    select
        name,
        case
            when place = 0 then name
            else
                substr(name, 1, cast(place as integer) - 1)
                || substr(name, cast(place as integer) + 1)
        end as remainder
    from places
),

matches as (
    select distinct
        candidates.one_id,
        candidates.other_id,
        candidates.rule,
        candidates.confidence
    from candidates
    inner join shortened as one on candidates.one_name = one.name
    inner join shortened as other
        on
            candidates.other_name = other.name
            and one.remainder = other.remainder
),

links as (
    select
        one_id as from_id,
        other_id as to_id,
        rule,
        confidence
    from matches
    union all
    select
        other_id as from_id,
        one_id as to_id,
        rule,
        confidence
    from matches
),

-- Who is the same as somebody who is the same as a third is that third, too.
reached as (
    select
        from_id as customer_id_given,
        to_id as same_id
    from links
    union
    select
        reached.customer_id_given,
        links.to_id as same_id
    from reached
    inner join links on reached.same_id = links.from_id
),

same_ids as (
    select
        customer_id_given,
        customer_id_given as same_id
    from ids
    union
    select
        customer_id_given,
        same_id
    from reached
),

with_age as (
    select
        same_ids.customer_id_given,
        same_ids.same_id,
        ids.registration_date
    from same_ids
    inner join ids on same_ids.same_id = ids.customer_id_given
),

-- The id that was given first stands for all.
ranked as (
    select
        customer_id_given,
        same_id as customer_id,
        row_number() over (
            partition by customer_id_given
            order by registration_date asc nulls last, same_id collate "C"
        ) as age_rank
    from with_age
),

best_links as (
    select
        from_id,
        rule,
        confidence,
        row_number() over (
            partition by from_id
            order by confidence desc, rule collate "C"
        ) as link_rank
    from links
),

final as (
    select
        ranked.customer_id_given,
        ranked.customer_id,
        cast(
            case
                when ranked.customer_id_given = ranked.customer_id then 'own'
                else best_links.rule
            end as varchar
        ) as rule,
        cast(
            case
                when ranked.customer_id_given = ranked.customer_id then 1
                else best_links.confidence
            end as decimal(3, 2)
        ) as confidence
    from ranked
    left join best_links
        on
            ranked.customer_id_given = best_links.from_id
            and best_links.link_rank = 1
    where ranked.age_rank = 1
)

select * from final
