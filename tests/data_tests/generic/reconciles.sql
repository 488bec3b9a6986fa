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
    {%- set own, theirs, differs = [], [], [] -%}
    {%- for column, other in measures -%}
        {%- set name = "measure_" ~ loop.index -%}
        {%- do own.append("coalesce(sum(" ~ column ~ "), 0) as " ~ name) -%}
        {%- do theirs.append("coalesce(sum(" ~ other ~ "), 0) as " ~ name) -%}
        {%- do differs.append(
            "or abs(sums." ~ name ~ " - source_sums." ~ name ~ ")"
            ~ " > 0.000000001 * abs(source_sums." ~ name ~ ")"
        ) -%}
    {%- endfor %}

with sums as (
    select {{ (own + ["count(*) - " ~ extra_rows ~ " as row_count"]) | join(", ") }}
    from {{ model }}
),

source_sums as (
    select {{ (theirs + ["count(*) as row_count"]) | join(", ") }}
    from {{ source }}
    where {{ where or "true" }}
)

select
    sums.row_count,
    source_sums.row_count as source_row_count
from sums
cross join source_sums
where sums.row_count <> source_sums.row_count {{ differs | join(" ") }}

{% endtest %}
