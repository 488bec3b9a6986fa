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
    where
        last_name is not null
        and customer_id_given in (
            select nameless.customer_id_given
            from versions as nameless
            where nameless.last_name is null
        )
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
    where
        birth_date is not null
        and customer_id_given in (
            select birthless.customer_id_given
            from versions as birthless
            where birthless.birth_date is null
        )
),

ids as (
    select
        versions.customer_id_given,
        min(versions.registration_date) as registration_date
    from versions
    group by versions.customer_id_given
),

-- Every address and number that an id ever had.
known as (
    select
        versions.customer_id_given,
        versions.first_name,
        coalesce(versions.last_name, known_names.last_name) as last_name,
        coalesce(versions.birth_date, known_births.birth_date) as birth_date,
        versions.email,
        versions.phone,
        versions.street,
        versions.postcode
    from versions
    left join known_names
        on
            versions.customer_id_given = known_names.customer_id_given
            and known_names.recency = 1
    left join known_births
        on
            versions.customer_id_given = known_births.customer_id_given
            and known_births.recency = 1
),

{%- set rules = [
    ('email', '0.99', ['email'], 'one.email = other.email'),
    ('phone', '0.97', ['phone', 'birth_date'],
        'one.phone = other.phone and one.birth_date = other.birth_date'),
    ('address', '0.90', ['postcode', 'birth_date'],
        'one.place = other.place and one.birth_date = other.birth_date')
] %}

-- Letters are costly to compare: only what two ids have in common is looked at.
{% for rule, confidence, keys, condition in rules -%}
    shared_by_{{ rule }} as (
        select {{ keys | join(', ') }}
        from known
        group by {{ keys | join(', ') }}
        having min(customer_id_given) < max(customer_id_given)
    ),

{% endfor -%}
shared as (
    {%- for rule, confidence, keys, condition in rules %}
        select known.*
        from known
        inner join shared_by_{{ rule }}
            on
                {%- for key in keys %}
                    {{ 'and ' if not loop.first }}known.{{ key }} = shared_by_{{ rule }}.{{ key }}
                {%- endfor %}
        {% if not loop.last -%}
            union
        {%- endif %}
    {%- endfor %}
),

persons as (
    select distinct
        customer_id_given,
        substr({{ plain_letters('first_name') }}, 1, 1) as initial,
        {{ plain_letters('last_name') }} as name,
        birth_date,
        email,
        phone,
        {{ plain_letters('street') }} || regexp_replace(street, '[^0-9]', '', 'g')
        || '|' || postcode as place
    from shared
    {{ computed_once() }}
),

candidates as (
    {%- for rule, confidence, keys, condition in rules %}
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

-- Who is the same as somebody who is the same as a third is that third, too. Who is the same as
-- anybody is reached from there as well.
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

with_age as (
    select
        reached.customer_id_given,
        reached.same_id,
        ids.registration_date
    from reached
    inner join ids on reached.same_id = ids.customer_id_given
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

found as (
    select
        ids.customer_id_given,
        coalesce(ranked.customer_id, ids.customer_id_given) as customer_id
    from ids
    left join ranked
        on
            ids.customer_id_given = ranked.customer_id_given
            and ranked.age_rank = 1
),

final as (
    select
        found.customer_id_given,
        found.customer_id,
        cast(
            case
                when found.customer_id_given = found.customer_id then 'own'
                else best_links.rule
            end as varchar
        ) as rule,
        cast(
            case
                when found.customer_id_given = found.customer_id then 1
                else best_links.confidence
            end as decimal(3, 2)
        ) as confidence
    from found
    left join best_links
        on
            found.customer_id_given = best_links.from_id
            and best_links.link_rank = 1
)

select * from final
