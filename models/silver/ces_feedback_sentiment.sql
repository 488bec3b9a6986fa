{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}

-- What the words of each feedback say: by a lexicon, with negations and degrees. Nothing but sums
-- and products of decimals, and one division that is exact, so that every target says the same.
with texts as (
    select
        source_bronze_id,
        language,
        string_to_array({{ words_of('feedback_text') }}, ' ') as words,
        _batch_id
    from {{ ref('ces_feedback_parsed') }}
    where
        reason is null
        {% if is_incremental() %}
            and _batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {% endif %}
),

lexicon as (
    select * from {{ ref('sentiment_lexicon') }}
),

topics as (
    select * from {{ ref('feedback_topics') }}
),

split as (
    select
        source_bronze_id,
        language,
        unnest(words) as word,
        generate_subscripts(words, 1) as place
    from texts
),

-- A part ends where a mark stands; nothing reaches beyond it.
parts as (
    select
        *,
        count(case when word = '|' then 1 end) over (
            partition by source_bronze_id
            order by place
        ) as part
    from split
),

phrases as (
    select
        source_bronze_id,
        language,
        place,
        part,
        word,
        word || ' ' || lead(word, 1) over (
            partition by source_bronze_id, part
            order by place
        ) as two_words,
        word || ' ' || lead(word, 1) over (
            partition by source_bronze_id, part
            order by place
        ) || ' ' || lead(word, 2) over (
            partition by source_bronze_id, part
            order by place
        ) as three_words
    from parts
    where word <> '|'
),

-- The longest phrase that begins here.
looked_up as (
    select
        phrases.*,
        case
            when three.valence is not null then 3
            when two.valence is not null then 2
            when one.valence is not null then 1
            else 0
        end as phrase_length,
        coalesce(three.valence, two.valence, one.valence) as valence,
        modifiers.kind,
        modifiers.factor,
        modifiers.words_before
    from phrases
    left join lexicon as one
        on
            phrases.language = one.language
            and phrases.word = one.phrase
    left join lexicon as two
        on
            phrases.language = two.language
            and phrases.two_words = two.phrase
    left join lexicon as three
        on
            phrases.language = three.language
            and phrases.three_words = three.phrase
    left join {{ ref('sentiment_modifiers') }} as modifiers
        on
            phrases.language = modifiers.language
            and phrases.word = modifiers.word
),

-- A word inside of a phrase that began before it says nothing by itself.
marked as (
    select
        *,
        coalesce(
            lag(phrase_length, 1) over (
                partition by source_bronze_id, part
                order by place
            ) >= 2, false
        )
        or coalesce(
            lag(phrase_length, 2) over (
                partition by source_bronze_id, part
                order by place
            ) >= 3, false
        ) as is_inside
    from looked_up
),

effective as (
    select
        *,
        case when not is_inside then valence end as own_valence,
        case when kind = 'negator' and not is_inside and phrase_length < 2 then 1 else 0 end
            as negates,
        case
            when kind = 'negator' and words_before > 0 and not is_inside and phrase_length < 2
                then 1
            else 0
        end as negates_before,
        case when kind = 'booster' and not is_inside and phrase_length < 2 then factor end
            as degree
    from marked
),

-- A negation reaches over the four words after it (some, like the German nicht, over the one before
-- as well), a degree over the two after it.
surrounded as (
    select
        *,
        coalesce(
            max(negates) over (
                partition by source_bronze_id, part
                order by place
                rows between 4 preceding and 1 preceding
            ), 0
        ) = 1
        or coalesce(
            lead(negates_before, greatest(phrase_length, 1)) over (
                partition by source_bronze_id, part
                order by place
            ), 0
        ) = 1 as is_negated,
        coalesce(
            lag(degree, 1) over (
                partition by source_bronze_id, part
                order by place
            ),
            lag(degree, 2) over (
                partition by source_bronze_id, part
                order by place
            ),
            1
        ) as degree_before
    from effective
),

weighed as (
    select
        source_bronze_id,
        cast(
            own_valence * degree_before * case when is_negated then -0.75 else 1.00 end
            as decimal(18, 6)
        ) as valence
    from surrounded
    where own_valence is not null and own_valence <> 0
),

sums as (
    select
        source_bronze_id,
        count(*) as scored_words,
        sum(valence) as balance,
        sum(abs(valence)) as strength
    from weighed
    group by source_bronze_id
),

found_topics as (
    select
        phrases.source_bronze_id,
        {{ sorted_texts('topics.topic') }} as categories,
        {{ sorted_texts('topics.phrase') }} as key_topics
    from phrases
    inner join topics
        on
            phrases.language = topics.language
            and (phrases.word = topics.phrase or phrases.two_words = topics.phrase)
    group by phrases.source_bronze_id
),

languages as (
    select distinct language from lexicon
),

scored as (
    select
        texts.source_bronze_id,
        texts.language,
        languages.language is not null as is_scored,
        coalesce(sums.scored_words, 0) as scored_words,
        -- What does not say anything weighs as one: a single good word is not yet a perfect text.
        case
            when languages.language is not null
                then {{ ratio('coalesce(sums.balance, 0)', '(coalesce(sums.strength, 0) + 1)', 4) }}
        end as score,
        found_topics.categories,
        found_topics.key_topics,
        texts._batch_id
    from texts
    left join languages on texts.language = languages.language
    left join sums on texts.source_bronze_id = sums.source_bronze_id
    left join found_topics on texts.source_bronze_id = found_topics.source_bronze_id
),

final as (
    select
        source_bronze_id,
        language,
        is_scored,
        cast(scored_words as integer) as scored_words,
        cast(score as decimal(18, 6)) as sentiment_score,
        cast(
            case
                when score >= 0.30 then 'positive'
                when score <= -0.30 then 'negative'
                when score is not null then 'neutral'
            end as varchar
        ) as sentiment_label,
        coalesce(categories, {{ no_texts() }}) as categories,
        coalesce(key_topics, {{ no_texts() }}) as key_topics,
        _batch_id
    from scored
)

select * from final
