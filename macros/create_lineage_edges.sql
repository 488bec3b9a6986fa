{#-
  Makes the raw table that `databank run` loads lineage into, empty, where nobody has loaded any:
  then `dbt build` alone builds everything. Its columns are those of `controlplane/lineage`.
-#}
{% macro create_lineage_edges() -%}
    create schema if not exists raw;
    create table if not exists raw._lineage (
        model text,
        checksum text,
        source_table text,
        source_column text,
        target_table text,
        target_column text,
        transformation_type text,
        transformation_logic text,
        layer_transition text,
        _batch_id bigint not null,
        _source_file text,
        _row_number bigint not null,
        _loaded_at timestamp not null
    );
{%- endmacro %}
