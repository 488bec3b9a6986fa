{#-
  Writes down which invocation of dbt is about to make which models, seeds and snapshots, before it
  begins: `metadata._builds` has one row for each, the last. Databank compares it with what it
  remembers, and so notices what somebody else built, or a backup that was restored.
-#}
{% macro record_builds() -%}
    {%- set made = [] -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'clone', 'retry') -%}
        {%- for unique_id in selected_resources | sort
            if unique_id.split('.')[0] in ('model', 'seed', 'snapshot') -%}
            {%- do made.append(unique_id) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if made -%}
        create schema if not exists metadata;
        create table if not exists metadata._builds (
            unique_id text not null, invocation_id text not null
        );
        delete from metadata._builds
        where unique_id in ({% for each in made %}'{{ each }}'{{ ', ' if not loop.last }}{% endfor %});
        insert into metadata._builds (unique_id, invocation_id) values
        {%- for each in made %}
        ('{{ each }}', '{{ invocation_id }}'){{ ',' if not loop.last else ';' }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
