{#-
  Where each record of a parsed model ends, as a select statement: in silver, in quarantine, or behind
  another record of the same key.

  Columns: `source_bronze_id`, `outcome` (silver, quarantine, duplicate, superseded), `reason`,
  `survivor_bronze_id`, `ingested_at`, `_batch_id`, `_row_number`.

  Arguments:
    parsed: the model with one row per bronze record and its `reason`, null for one that is accepted.
    key: the columns that name what a record is about.
    survives: how records of one key are ordered; the first of them is the one in silver.
    version: a column that tells the states of one thing apart. A record of another state than the
      survivor's is superseded; one of the same is a duplicate.
-#}
{% macro record_outcomes(parsed, key, survives, version=none) -%}
    select
        source_bronze_id,
        cast(
            case
                when reason is not null then 'quarantine'
                when survivor_rank = 1 then 'silver'
                {%- if version %}
                when {{ version }} is distinct from survivor_version then 'superseded'
                {%- endif %}
                else 'duplicate'
            end as varchar
        ) as outcome,
        cast(
            case
                when reason is not null then reason
                when survivor_rank = 1 then null
                {%- if version %}
                when {{ version }} is distinct from survivor_version
                    then 'another record has a later state of the same {{ key | join(', ') }}'
                {%- endif %}
                else 'another record has the same {{ key | join(', ') }}'
            end as varchar
        ) as reason,
        case when reason is null and survivor_rank > 1 then survivor_bronze_id end
            as survivor_bronze_id,
        ingested_at,
        _batch_id,
        _row_number
    from (
        select
            *,
            row_number() over (
                partition by reason is null, {{ key | join(', ') }}
                order by {{ survives }}
            ) as survivor_rank,
            {%- if version %}
            first_value({{ version }}) over (
                partition by reason is null, {{ key | join(', ') }}
                order by {{ survives }}
            ) as survivor_version,
            {%- endif %}
            first_value(source_bronze_id) over (
                partition by reason is null, {{ key | join(', ') }}
                order by {{ survives }}
            ) as survivor_bronze_id
        from {{ ref(parsed) }}
    ) as ranked
{%- endmacro %}

{#-
  The records of a bronze model that ended in quarantine, as a select statement: with the reason, and
  as they came.

  Arguments:
    bronze: the bronze model.
    parsed: the model with one row per bronze record and its `reason`, null for one that is accepted.
    payload: the bronze column that holds the record.
-#}
{% macro quarantined_records(bronze, parsed, payload) -%}
    select
        parsed.source_bronze_id,
        parsed.reason,
        bronze.{{ payload }} as record,
        parsed.ingested_at,
        parsed._batch_id,
        parsed._row_number
    from {{ ref(parsed) }} as parsed
    inner join {{ ref(bronze) }} as bronze on parsed.source_bronze_id = bronze.id
    where parsed.reason is not null
{%- endmacro %}

{#-
  Why a record is not accepted: the checks that it failed in bronze, and what else is said of it.
  Null where there is nothing.

  Arguments:
    others: SQL expressions that give a reason or null.
-#}
{% macro reason_of(others=()) -%}
    nullif(
        concat_ws(
            '; ',
            case
                when {{ array_size('_failed_checks') }} > 0
                    then 'cannot be used: ' || array_to_string(_failed_checks, ', ')
            end
            {%- for each in others %},
            {{ each }}
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}
