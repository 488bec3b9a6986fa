{#-
  A pseudonym of a text: 64 hexadecimal digits, the same for the same text on every target, which
  nobody can compute, or guess back, without the secret salt. Null stays null.

  It is SHA-256 under one key, of the text, and then, under another key, of what came of that; both
  keys are made of the salt, which is no part of the SQL: the session knows it (`DATABANK_PII_SALT`,
  see `docs/reference/warehouse.md`). Without it the query fails.

  Arguments:
    expression: SQL that gives a text.
-#}
{% macro pii_hash(expression) -%}
    {%- set inner = sha256_hex("'inner|' || " ~ pii_salt()) -%}
    {%- set outer = sha256_hex("'outer|' || " ~ pii_salt()) -%}
    {{ sha256_hex(outer ~ ' || ' ~ sha256_hex(inner ~ ' || ' ~ expression)) }}
{%- endmacro %}

{#- The SHA-256 of a text, in hexadecimal digits. -#}
{% macro sha256_hex(expression) -%}
    {{ by_target(
        duckdb='sha256(' ~ expression ~ ')',
        postgres='encode(sha256(convert_to(' ~ expression ~ ", 'UTF8')), 'hex')"
    ) }}
{%- endmacro %}

{#- The salt that the session knows; the query fails where it is missing, or too short. -#}
{% macro pii_salt() -%}
    {%- set salt = by_target(
        duckdb="coalesce(cast(getvariable('databank_pii_salt') as varchar), '')",
        postgres="coalesce(current_setting('databank.pii_salt', true), '')"
    ) -%}
    {%- set message = by_target(
        duckdb='DATABANK_PII_SALT is not set, or has less than 16 characters: nothing can be masked',
        postgres='DATABANK_PII_SALT is not set, or has less than 16 characters: nothing can be masked'
            ~ ' (setting databank.pii_salt, in PGOPTIONS where databank does not run dbt)'
    ) -%}
    {#- PostgreSQL has no function that fails, but a text that is no number does. -#}
    {%- set failure = by_target(
        duckdb="cast(error('" ~ message ~ "') as varchar)",
        postgres="cast(cast('" ~ message ~ "' || left(" ~ salt ~ ', 0) as integer) as text)'
    ) -%}
    case when length({{ salt }}) >= 16 then {{ salt }} else {{ failure }} end
{%- endmacro %}
