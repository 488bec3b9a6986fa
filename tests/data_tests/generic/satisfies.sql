{#-
  Fails for every row for which the SQL condition `expression` is false; null passes.

  Arguments:
    expression: the condition, or one for each target: `{duckdb: …, postgres: …}`.
-#}
{% test satisfies(model, expression, column_name=none) %}

select *
from {{ model }}
where not ({{ expression if expression is string else expression[target.type] }})

{% endtest %}
