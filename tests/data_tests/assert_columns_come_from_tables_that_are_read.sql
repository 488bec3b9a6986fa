-- Every edge of columns stands beside an edge of the same two tables.
with edges as (
    select * from {{ ref('neural_data_lineage') }}
)

select
    columns_read.lineage_id,
    columns_read.source_table,
    columns_read.target_table
from edges as columns_read
left join edges as tables_read
    on
        columns_read.source_table = tables_read.source_table
        and columns_read.target_table = tables_read.target_table
        and tables_read.transformation_type = 'table'
where
    columns_read.source_table is not null
    and tables_read.lineage_id is null
