{#-
  The incremental strategy `remade`, for a model that tells itself which rows are to be made anew: its
  query gives these, and those that are to go, whose `_inputs` is null. What it does not give is
  neither read nor touched.

  The model's `unique_key` lists the columns of its key, none of which is null.
-#}
{% macro get_incremental_remade_sql(arg_dict) -%}
    {%- set key = arg_dict['unique_key'] | join(', ') -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where ({{ key }}) in (select {{ key }} from {{ arg_dict['temp_relation'] }});
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    where _inputs is not null
{%- endmacro %}
