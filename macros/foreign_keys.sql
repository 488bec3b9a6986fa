{#-
  The references between tables as real foreign keys, where the target can have them: PostgreSQL.
  They are declared once, as `relationships` tests with `config: {meta: {foreign_key: true}}`.

  dbt swaps a new table for the old one, and the old one takes its constraints along; and a run that
  changes both sides of a reference changes one before the other. Therefore a run lets go of the
  references to what it is about to change (`release_foreign_keys`, when it starts) and makes those
  that are missing (`make_foreign_keys`, when it ends), which looks at every row. When one does not
  hold, the run fails with the value that is not there.
-#}
{% macro release_foreign_keys() -%}
    {%- set released = [] -%}
    {%- if changes_tables() -%}
        {%- for key in foreign_keys() if key.may_break -%}
            {%- do released.append(key) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for key in foreign_keys_where('exists', released) %}
        alter table {{ key.child }} drop constraint {{ adapter.quote(key.name) }};
    {%- endfor -%}
{%- endmacro %}

{#- The statements that make the references which are missing: all of them, or none. -#}
{% macro make_foreign_keys() -%}
    {%- set keys = foreign_keys() if changes_tables() else [] -%}
    {%- for key in foreign_keys_where('not exists', keys) %}
        alter table {{ key.child }} add constraint {{ adapter.quote(key.name) }}
        foreign key ({{ adapter.quote(key.column) }})
        references {{ key.parent }} ({{ adapter.quote(key.field) }})
        deferrable initially deferred;
    {%- endfor -%}
{%- endmacro %}

{#- Whether this is an invocation that may change a table with references. -#}
{% macro changes_tables() -%}
    {{ return(
        execute and target.type == 'postgres' and flags.WHICH in ('build', 'run', 'clone', 'retry')
    ) }}
{%- endmacro %}

{#-
  The declared references: name, child and parent (as relations), column and field, and whether this
  run may break it for a while: not if rows are only ever added to the parent, before the child, which
  reads it.
-#}
{% macro foreign_keys() -%}
    {%- set keys = [] -%}
    {%- for test in graph.nodes.values()
        if test.resource_type == 'test' and test.config.get('meta', {}).get('foreign_key') -%}
        {%- set child = graph.nodes[test.attached_node] -%}
        {%- set others = test.depends_on.nodes | reject('equalto', test.attached_node) | list -%}
        {%- set parent = graph.nodes[others[0]] if others else child -%}
        {%- set column = test.test_metadata.kwargs.column_name -%}
        {%- do keys.append({
            'name': child.alias ~ '_' ~ column ~ '_fkey',
            'child': api.Relation.create(schema=child.schema, identifier=child.alias),
            'column': column,
            'parent': api.Relation.create(schema=parent.schema, identifier=parent.alias),
            'field': test.test_metadata.kwargs.field,
            'may_break': parent.unique_id in selected_resources and not (
                parent.config.get('incremental_strategy') == 'append'
                and parent.unique_id in upstream_of(child.unique_id, [])
            ),
        }) -%}
    {%- endfor -%}
    {{ return(keys | sort(attribute='name')) }}
{%- endmacro %}

{#- All that a node reads, directly or not, added to `found`. -#}
{% macro upstream_of(unique_id, found) -%}
    {%- for parent in graph.nodes.get(unique_id, {}).get('depends_on', {}).get('nodes', []) -%}
        {%- if parent not in found -%}
            {%- do found.append(parent) -%}
            {%- do upstream_of(parent, found) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Of `keys`, those between tables that are there and whose constraint `exists` or `not exists`. -#}
{% macro foreign_keys_where(word, keys) -%}
    {%- if not keys -%}{{ return([]) }}{%- endif -%}
    {%- set query -%}
        select wanted.name
        from (
            values
            {%- for key in keys %}
                ('{{ key.name }}', to_regclass('{{ key.child }}'), to_regclass('{{ key.parent }}'))
                {{- ',' if not loop.last }}
            {%- endfor %}
        ) as wanted (name, child, parent)
        where
            wanted.child is not null
            and wanted.parent is not null
            and {{ word }} (
                select 1
                from pg_constraint
                where
                    pg_constraint.contype = 'f'
                    and pg_constraint.conname = wanted.name
                    and pg_constraint.conrelid = wanted.child
                    and pg_constraint.confrelid = wanted.parent
            )
    {%- endset -%}
    {%- set names = run_query(query).columns[0].values() | list -%}
    {{ return(keys | selectattr('name', 'in', names) | list) }}
{%- endmacro %}
