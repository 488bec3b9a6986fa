{#-
  The records of one source as a bronze table takes them: the payload, what it was checked for, and
  where it comes from. An incremental model reads the new batches alone.

  Columns: `id`, `source_system`, the source's own columns, `<column>_json` for each nested one, the
  values that are read of them, `_payload`, `_failed` (the names of the checks that the record fails),
  `_quality_score`, `_schema_version`, `_batch_id`, `_row_number`, `_loaded_at`.

  Arguments:
    model: the bronze model that reads the source's raw table.
    source_system: what the source is called.
    columns: the source's columns.
    checks: a list of [name, SQL condition that is true for a record that fails].
    nested: the columns whose text is JSON.
    read: SQL by name for the values that checks and the model make of the columns: each is computed
      once, and planned once, which for a moment takes longer than to read a small batch.
    payload: SQL for the payload; default: every column of the record.
    masked: SQL for the columns that the payload does not give as they came; checks see what came.
-#}
{% macro bronze_records(
    model, source_system, columns, checks, nested=(), read={}, payload=none, masked={}
) -%}
    select
        {{ surrogate_uuid(
            ["'" ~ source_system ~ "'", '_batch_id', '_row_number'], number='_batch_id'
        ) }} as id,
        '{{ source_system }}' as source_system,
        *,
        {{ payload or record_json(columns, nested, masked) }} as _payload,
        {{ failed_checks(checks) }} as _failed,
        {{ checks | length }} as _checks
    from (
        {%- if read %}
        select
            *,
            {%- for name, expression in read.items() %}
            {{ expression }} as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from (
        {%- endif %}
        select
            {%- for column in columns %}
            records.{{ column }},
            {%- endfor %}
            {%- for column in nested %}
            {{ try_cast_jsonb('records.' ~ column) }} as {{ column }}_json,
            {%- endfor %}
            cast(versions.version_number as varchar) as _schema_version,
            records._batch_id,
            records._row_number,
            records._loaded_at
        from {{ ref(model) }} as records
        inner join {{ ref('load_schema_versions') }} as versions
            on records._batch_id = versions.batch_id
        {% if is_incremental() -%}
            where records._batch_id > (select coalesce(max(_batch_id), 0) from {{ this }})
        {%- endif %}
        {{ computed_once() }}
        {%- if read %}
        ) as records
        {{ computed_once() }}
        {%- endif %}
    ) as records
{%- endmacro %}
