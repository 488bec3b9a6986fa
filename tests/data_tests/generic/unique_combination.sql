{#-
  Fails for every combination of `columns` that more than one row has; rows in which all of them are
  null are not compared.
-#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
where not ({{ columns | join(' is null and ') }} is null)
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
