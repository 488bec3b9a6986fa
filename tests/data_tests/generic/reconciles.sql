{#-
  Fails unless a model has as many rows as the model that it is made of, and the same sum of each
  measure. Sums of floating point numbers may differ in their last digits.

  Arguments:
    source: the relation that it is made of.
    measures: a list of [column, column of the source].
    extra_rows: how many rows the model has beside those of the source, such as an unknown member.
    where: which rows of the source count.
-#}
{% test reconciles(model, source, measures=[], extra_rows=0, where=none) %}

with sums as (
    select
        {%- for column, _ in measures %}
        coalesce(sum({{ column }}), 0) as measure_{{ loop.index }},
        {%- endfor %}
        count(*) - {{ extra_rows }} as row_count
    from {{ model }}
),

source_sums as (
    select
        {%- for _, column in measures %}
        coalesce(sum({{ column }}), 0) as measure_{{ loop.index }},
        {%- endfor %}
        count(*) as row_count
    from {{ source }}
    {%- if where %}
    where {{ where }}
    {%- endif %}
)

select
    sums.row_count,
    source_sums.row_count as source_row_count
from sums
cross join source_sums
where
    sums.row_count <> source_sums.row_count
    {%- for _ in measures %}
    or abs(sums.measure_{{ loop.index }} - source_sums.measure_{{ loop.index }})
    > 0.000000001 * abs(source_sums.measure_{{ loop.index }})
    {%- endfor %}

{% endtest %}
