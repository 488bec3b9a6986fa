{#- Fails for every value that holds no match of the regular expression `pattern`; null passes. -#}
{% test matches_pattern(model, column_name, pattern) %}

select {{ column_name }}
from {{ model }}
where not {{ matches('cast(' ~ column_name ~ ' as text)', pattern) }}

{% endtest %}
