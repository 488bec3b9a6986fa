{#-
  Fails for every value of a level that lies in more than one value of the level above it.

  Arguments:
    levels: the columns of a hierarchy, from the coarsest to the finest.
-#}
{% test rolls_up(model, levels) %}
    {%- set queries = [] -%}
{%- for level in levels[1:] -%}
    {%- set above = levels[loop.index0] -%}
    {%- do queries.append(
        "select '" ~ level ~ "' as level, cast(" ~ level ~ " as text) as value,"
        ~ " count(distinct " ~ above ~ ") as values_above from " ~ model
        ~ " where " ~ level ~ " is not null group by " ~ level
        ~ " having count(distinct " ~ above ~ ") > 1"
    ) -%}
{%- endfor %}

select * from ({{ queries | join(" union all ") }}) as violations

{% endtest %}
