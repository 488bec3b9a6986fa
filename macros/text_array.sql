{#-
  An array of the texts that are not null.

  Arguments:
    texts: SQL expressions that give text.
-#}
{% macro text_array(texts) -%}
    {{ by_target(
        duckdb='list_filter([' ~ texts | join(', ') ~ '], lambda each: each is not null)',
        postgres='array_remove(array[' ~ texts | join(', ') ~ '], null)'
    ) }}
{%- endmacro %}

{#- Both arrays of texts as one: the second's entries after the first's. -#}
{% macro joined_arrays(first, second) -%}
    {{ by_target(
        duckdb='list_concat(' ~ first ~ ', ' ~ second ~ ')',
        postgres='array_cat(' ~ first ~ ', ' ~ second ~ ')'
    ) }}
{%- endmacro %}
