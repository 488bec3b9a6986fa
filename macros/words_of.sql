{#-
  The words of a text as one text with a blank between them: in lower case, without marks, and with
  ` | ` where a sentence or a part of one ends. An apostrophe parts two words (`n'est` is `n est`),
  but for the English `n't`, which is `not`.

  Which letters there are is said here, and capital ones with an accent are put in lower case one by
  one: what `lower` does with them depends on a database's locale.
-#}
{% macro words_of(expression) -%}
    {%- set composed = by_target(
        duckdb='nfc_normalize(' ~ expression ~ ')', postgres='normalize(' ~ expression ~ ', nfc)'
    ) -%}
    {%- set lowered = (
        'lower(translate(' ~ composed ~ ", 'ÄÖÜÁÀÂÃÇÉÈÊËÍÌÎÏÑÓÒÔÚÙÛ’‘', "
        ~ "'äöüáàâãçéèêëíìîïñóòôúùû'''''))"
    ) -%}
    {%- set marked = "regexp_replace(" ~ lowered ~ ", '[.!?;:,]+', ' | ', 'g')" -%}
    {%- set spelt = (
        "replace(replace(replace(" ~ marked ~ ", 'cannot', 'can not'), 'can''t', 'can not'), 'n''t', ' not')"
    ) -%}
    trim(
        regexp_replace({{ spelt }}, '[^a-z0-9|äöüßáàâãçéèêëíìîïñóòôúùûœæ]+', ' ', 'g'), ' '
    )
{%- endmacro %}

{#- Different texts as an array in the order of their characters' codes; an aggregate. -#}
{% macro sorted_texts(expression) -%}
    {%- if target.type == 'postgres' -%}
        array_agg(distinct cast({{ expression }} as varchar) collate "C" order by cast({{ expression }} as varchar) collate "C")
    {%- else -%}
        list_sort(list(distinct cast({{ expression }} as varchar)))
    {%- endif -%}
{%- endmacro %}

{#- An array of texts with nothing in it. -#}
{% macro no_texts() -%}
    cast({{ 'array[]' if target.type == 'postgres' else '[]' }} as varchar[])
{%- endmacro %}
