-- One row per column and column that it is made of, and per table and table that it reads. Of each
-- model the newest batch counts; one that is gone has none of these rows in it.
with edges as (
    select * from {{ source('raw', '_lineage') }}
),

newest as (
    select
        model,
        max(_batch_id) as _batch_id
    from edges
    group by model
),

final as (
    select
        {{ surrogate_uuid([
            'edges.target_table',
            "coalesce(edges.target_column, '')",
            "coalesce(edges.source_table, '')",
            "coalesce(edges.source_column, '')"
        ]) }} as lineage_id,
        cast(edges.source_table as varchar) as source_table,
        cast(edges.source_column as varchar) as source_column,
        cast(edges.target_table as varchar) as target_table,
        cast(edges.target_column as varchar) as target_column,
        edges.transformation_logic,
        cast(edges.layer_transition as varchar) as layer_transition,
        cast(edges.transformation_type as varchar) as transformation_type,
        edges._loaded_at as created_at
    from edges
    inner join newest
        on
            edges.model = newest.model
            and edges._batch_id = newest._batch_id
    where
        edges.transformation_type <> 'removed'
        -- A model that reads nothing has one line for its checksum.
        and (edges.source_table is not null or edges.target_column is not null)
)

select * from final
