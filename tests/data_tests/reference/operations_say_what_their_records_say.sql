-- What an agent did is what its line in the log says.
{%- set told = [
    'log_id', 'agent_id', 'layer', 'operation', 'table_name', 'rows_handled', 'execution_time',
    'status', 'error_code', 'logged_at'
] %}

select operations.log_id
from {{ ref('neural_databank_operations') }} as operations
left join {{ ref('neural_databank_logs_parsed') }} as records
    on operations.source_bronze_id = records.source_bronze_id
where
    records.source_bronze_id is null
    {%- for name in told %}
        or records.{{ name }} is distinct from operations.{{ name }}
    {%- endfor %}
