{#-
  A materialised view of PostgreSQL whose query changed is made anew: dbt-postgres compares indexes
  alone, and would go on refreshing the old query. The query's hash is kept as the view's comment,
  which goes and comes with the view.
-#}
{% macro postgres__get_create_materialized_view_as_sql(relation, sql) -%}
    {{ dbt.postgres__get_create_materialized_view_as_sql(relation, sql) }}
    {{- ';' if config.get('indexes') }}
    comment on materialized view {{ relation }} is '{{ local_md5(sql) }}'
{%- endmacro %}

{% macro postgres__refresh_materialized_view(relation) -%}
    {%- set query -%}
        select obj_description(cast('{{ relation }}' as regclass), 'pg_class') as query_hash
    {%- endset -%}
    {%- if run_query(query).columns[0].values()[0] == local_md5(sql) -%}
        {{ return(dbt.postgres__refresh_materialized_view(relation)) }}
    {%- endif -%}
    {{ return(get_replace_sql(load_cached_relation(relation), relation, sql)) }}
{%- endmacro %}
