{#- Fails for every row for which the SQL condition `expression` is false; null passes. -#}
{% test satisfies(model, expression, column_name=none) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}
