{#-
  Fails unless every bronze record has exactly one outcome, what is said to be in silver is there and
  nothing else, each duplicate has a survivor in silver, and bronze has as many records as the load
  ledger counted.

  Arguments:
    model: an outcomes model.
    bronze: the bronze relation.
    silver: the relation of the accepted records, with `source_bronze_id`.
    silver_too: another one, where the bronze records are of two kinds.
    batches: the relation of the load ledger.
    raw_tables: the raw tables that the bronze model reads, as the ledger names them.
-#}
{% test every_record_once(model, bronze, silver, batches, raw_tables, silver_too=none) %}

with outcomes as (
    select * from {{ model }}
),

records as (
    select id from {{ bronze }}
),

clean as (
    select source_bronze_id
    from {{ silver }}
    where source_bronze_id is not null
    {% if silver_too is not none -%}
    union all
    select source_bronze_id
    from {{ silver_too }}
    where source_bronze_id is not null
    {%- endif %}
),

accepted as (
    select source_bronze_id
    from outcomes
    where outcome = 'silver'
),

told_wrongly as (
    select
        coalesce(records.id, outcomes.source_bronze_id) as id,
        case
            when count(records.id) = 0 then 'is not in bronze'
            else 'has not exactly one outcome'
        end as fault
    from records
    full outer join outcomes on records.id = outcomes.source_bronze_id
    group by coalesce(records.id, outcomes.source_bronze_id)
    having count(records.id) = 0 or count(outcomes.source_bronze_id) <> 1
),

placed_wrongly as (
    select
        coalesce(accepted.source_bronze_id, clean.source_bronze_id) as id,
        case
            when clean.source_bronze_id is null then 'is not in silver'
            else 'should not be in silver'
        end as fault
    from accepted
    full outer join clean on accepted.source_bronze_id = clean.source_bronze_id
    where accepted.source_bronze_id is null or clean.source_bronze_id is null
),

without_survivor as (
    select
        duplicates.source_bronze_id as id,
        'has no survivor' as fault
    from outcomes as duplicates
    left join accepted on duplicates.survivor_bronze_id = accepted.source_bronze_id
    where
        duplicates.outcome in ('duplicate', 'superseded')
        and accepted.source_bronze_id is null
),

counted as (
    select
        cast(null as uuid) as id,
        'the ledger counts another number of records' as fault
    from (
        select coalesce(sum(rows_loaded), 0) as loaded
        from {{ batches }}
        where raw_table in ('{{ raw_tables | join("', '") }}')
    ) as ledger
    where loaded <> (select count(*) from records)
)

select * from told_wrongly
union all
select * from placed_wrongly
union all
select * from without_survivor
union all
select * from counted

{% endtest %}
