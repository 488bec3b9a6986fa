{#-
  Why the text column `column` cannot be read as `type`; null where it can, and where it is blank.

  Arguments:
    column: the name of a text column.
    type: as in `try_cast`.
-#}
{% macro cast_error(column, type) -%}
    case
        when trim({{ column }}, ' ') <> '' and {{ try_cast(column, type) }} is null
            then '{{ column }} is not {{ 'an' if type[0] in 'aeiou' else 'a' }} {{ type }}'
    end
{%- endmacro %}
