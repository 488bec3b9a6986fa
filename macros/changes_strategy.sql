{#-
  The incremental strategy `changes`, for a model whose query gives its whole table: rows that are no
  longer so are deleted, rows that are new or other are inserted, and the rest is not touched. What
  arrives late, is put right or disappears is as if the table had been built anew. Once the rows that
  differ are deleted, those that are missing are known by their key.

  The model's `unique_key` lists the columns of its key, none of which is null.
-#}
{% macro get_incremental_changes_sql(arg_dict) -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where ({{ key | join(', ') }}) in (
        select {{ key | join(', ') }}
        from (
            select {{ columns }} from {{ arg_dict['target_relation'] }}
            except
            select {{ columns }} from {{ arg_dict['temp_relation'] }}
        ) as changed
    );
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }} as made
    where not exists (
        select 1
        from {{ arg_dict['target_relation'] }} as kept
        where
            {%- for column in key %}
            {{ 'and ' if not loop.first }}kept.{{ column }} = made.{{ column }}
            {%- endfor %}
    )
{%- endmacro %}
