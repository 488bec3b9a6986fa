-- One row per change of the columns that a raw table was loaded with: each batch is compared with
-- the one before it. What came and went is in the load ledger, so that a rebuild says the same.
with batches as (
    select
        raw_table,
        batch_id,
        raw_columns,
        source_columns,
        version_number,
        loaded_at,
        lag(batch_id) over (
            partition by raw_table
            order by batch_id
        ) as batch_before,
        lag(version_number) over (
            partition by raw_table
            order by batch_id
        ) as version_before
    from {{ ref('load_schema_versions') }}
    -- What the control plane loads of its own (`_lineage`) comes from no source.
    where substr(raw_table, 1, 1) <> '_'
),

-- The batches whose columns differ from those of the batch before.
changed as (
    select *
    from batches
    where version_before is null or version_before <> version_number
),

column_lists as (
    select
        raw_table,
        batch_id,
        {{ json_texts(try_cast_jsonb('raw_columns')) }} as names
    from batches
),

columns as (
    select
        raw_table,
        batch_id,
        unnest(names) as column_name,
        generate_subscripts(names, 1) as place
    from column_lists
),

first_seen as (
    select
        raw_table,
        column_name,
        min(batch_id) as first_batch
    from columns
    group by raw_table, column_name
),

came as (
    select
        changed.raw_table,
        changed.batch_id,
        columns.column_name,
        cast(
            case
                when first_seen.first_batch = changed.batch_id then 'column_added'
                else 'column_returned'
            end as varchar
        ) as change_type
    from changed
    inner join columns
        on
            changed.raw_table = columns.raw_table
            and changed.batch_id = columns.batch_id
    inner join first_seen
        on
            columns.raw_table = first_seen.raw_table
            and columns.column_name = first_seen.column_name
    left join columns as earlier
        on
            changed.raw_table = earlier.raw_table
            and changed.batch_before = earlier.batch_id
            and columns.column_name = earlier.column_name
    where
        changed.batch_before is not null
        and earlier.column_name is null
),

went as (
    select
        changed.raw_table,
        changed.batch_id,
        earlier.column_name,
        cast('column_removed' as varchar) as change_type
    from changed
    inner join columns as earlier
        on
            changed.raw_table = earlier.raw_table
            and changed.batch_before = earlier.batch_id
    left join columns
        on
            changed.raw_table = columns.raw_table
            and changed.batch_id = columns.batch_id
            and earlier.column_name = columns.column_name
    where columns.column_name is null
),

of_columns as (
    select * from came
    union all
    select * from went
),

-- The first columns of all; and columns that only changed places, which loading takes by name.
of_tables as (
    select
        changed.raw_table,
        changed.batch_id,
        cast(null as varchar) as column_name,
        cast(
            case
                when changed.batch_before is null then 'initial'
                else 'columns_reordered'
            end as varchar
        ) as change_type
    from changed
    left join of_columns
        on
            changed.raw_table = of_columns.raw_table
            and changed.batch_id = of_columns.batch_id
    where of_columns.batch_id is null
),

-- Where a spec says so, new columns are left out: their names stand behind those of the others.
title_lists as (
    select
        raw_table,
        batch_id,
        {{ json_texts(try_cast_jsonb('source_columns')) }} as names,
        {{ array_size(json_texts(try_cast_jsonb('raw_columns'))) }} as column_count
    from batches
),

titles as (
    select
        raw_table,
        batch_id,
        column_count,
        unnest(names) as title,
        generate_subscripts(names, 1) as place
    from title_lists
),

discarded as (
    select
        raw_table,
        min(batch_id) as batch_id,
        title as column_name,
        cast('column_discarded' as varchar) as change_type
    from titles
    where place > column_count
    group by raw_table, title
),

changes as (
    select * from of_columns
    union all
    select * from of_tables
    union all
    select * from discarded
),

definitions as (
    select
        raw_table,
        batch_id,
        count(*) as column_count,
        string_agg('"' || column_name || '"', ', ' order by place) as listed,
        string_agg('"' || column_name || '" text, ', '' order by place) as defined
    from columns
    group by raw_table, batch_id
),

final as (
    select
        {{ surrogate_uuid([
            'changes.raw_table',
            'changes.batch_id',
            'changes.change_type',
            "coalesce(changes.column_name, '')"
        ]) }} as evolution_id,
        cast(changes.raw_table as varchar) as table_name,
        cast('raw' as varchar) as layer,
        cast(batches.version_number as varchar) as schema_version,
        changes.change_type,
        cast(
            case changes.change_type
                when 'initial'
                    then concat(
                        'the first load brought ', definitions.column_count,
                        ' columns: ', definitions.listed
                    )
                when 'columns_reordered'
                    then concat('the same columns came in another order: ', definitions.listed)
                when 'column_added'
                    then concat('the column "', changes.column_name, '" came for the first time')
                when 'column_returned'
                    then concat('the column "', changes.column_name, '" came again')
                when 'column_discarded'
                    then concat(
                        'the column "', changes.column_name,
                        '" came for the first time and is left out'
                    )
                else
                    concat(
                        'the column "', changes.column_name,
                        '" no longer came; it is null in what was loaded since'
                    )
            end as text
        ) as change_description,
        cast(
            case changes.change_type
                when 'initial'
                    then concat(
                        'create table if not exists raw."', changes.raw_table, '" (',
                        definitions.defined,
                        '_batch_id bigint not null, _source_file text,'
                        || ' _row_number bigint not null, _loaded_at timestamp not null)'
                    )
                when 'column_added'
                    then concat(
                        'alter table raw."', changes.raw_table, '" add column if not exists "',
                        changes.column_name, '" text'
                    )
            end as text
        ) as migration_script,
        changes.change_type <> 'column_removed' as backward_compatible,
        batches.loaded_at as applied_at
    from changes
    inner join batches
        on
            changes.raw_table = batches.raw_table
            and changes.batch_id = batches.batch_id
    inner join definitions
        on
            changes.raw_table = definitions.raw_table
            and changes.batch_id = definitions.batch_id
)

select * from final
