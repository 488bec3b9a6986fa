{#-
  What stands for personal data in masked bronze tables. Each mask is a pseudonym made of `pii_hash`:
  the same person has the same one, so that customers can still be matched, and it has the form of
  what it stands for, so that silver reads it. Null and blank texts stay as they are.
-#}

{#- Whether bronze masks personal data: the variable `mask_pii`, true or false. -#}
{% macro masks_pii() -%}
    {%- set value = var('mask_pii', false) | string | lower -%}
    {%- if value not in ('true', 'false') -%}
        {{ exceptions.raise_compiler_error("mask_pii is '" ~ value ~ "', not true or false") }}
    {%- endif -%}
    {{ return(value == 'true') }}
{%- endmacro %}

{#-
  An e-mail address at a host that nobody can write to. What is no address stays none.

  Arguments:
    expression: SQL that gives a text.
-#}
{% macro mask_email(expression) -%}
    {%- set text = 'trim(' ~ expression ~ ", ' ')" -%}
    case
        when lower({{ text }}) ~ '^[a-z0-9._%+-]+@([a-z0-9-]+[.])+[a-z]{2,}$'
            then substr({{ pii_hash('lower(' ~ text ~ ')') }}, 1, 16) || '@masked.invalid'
        when {{ text }} <> '' then substr({{ pii_hash(text) }}, 1, 16)
        else {{ expression }}
    end
{%- endmacro %}

{#-
  A telephone number with as many digits, and with the plus sign if it has one. What is no number
  stays none.

  Arguments:
    expression: SQL that gives a text.
-#}
{% macro mask_phone(expression) -%}
    {%- set dialled = 'regexp_replace(' ~ expression ~ ", '[^0-9+]', '', 'g')" -%}
    {%- set hash = pii_hash(dialled) -%}
    case
        when {{ expression }} ~ '^[+]?[0-9 ()/.-]{6,30}$'
            then
                case when {{ dialled }} like '+%' then '+' else '' end
                || substr(
                    translate({{ hash }}, 'abcdef', '012345'),
                    1,
                    length(replace({{ dialled }}, '+', ''))
                )
        when trim({{ expression }}, ' ') <> ''
            then 'x' || substr({{ pii_hash('trim(' ~ expression ~ ", ' ')") }}, 1, 15)
        else {{ expression }}
    end
{%- endmacro %}

{#-
  A name of ten letters. The first one stands for the name's initial and the others for the letters
  that are in it, so that most misspellings of a name, and an initial alone, can still be matched.

  Arguments:
    expression: SQL that gives a text.
-#}
{% macro mask_name(expression) -%}
    case
        when trim({{ expression }}, ' ') <> ''
            then (
                select
                    upper(substr({{ letters_of_hash("'initial|' || substr(names.plain, 1, 1)") }}, 1, 1))
                    || substr({{ letters_of_hash('coalesce(nullif(names.letters, \'\'), names.full_name)') }}, 1, 9)
                from (
                    select
                        folded.full_name,
                        folded.plain,
                        {% for letter in 'abcdefghijklmnopqrstuvwxyz' -%}
                            case when folded.plain like '%{{ letter }}%' then '{{ letter }}' else '' end
                            {{- ' || ' if not loop.last }}
                        {%- endfor %} as letters
                    from (
                        select
                            trim({{ expression }}, ' ') as full_name,
                            {{ plain_letters(expression) }} as plain
                        {{ computed_once() }}
                    ) as folded
                ) as names
            )
        else {{ expression }}
    end
{%- endmacro %}

{#- A pseudonym of a text in letters. -#}
{% macro letters_of_hash(expression) -%}
    translate({{ pii_hash(expression) }}, '0123456789', 'ghijklmnop')
{%- endmacro %}

{#-
  A street with its number, or another short text, as sixteen letters and digits; capitals, accents,
  blanks and points make no difference.

  Arguments:
    expression: SQL that gives a text.
-#}
{% macro mask_words(expression) -%}
    {%- set number = 'regexp_replace(' ~ expression ~ ", '[^0-9]', '', 'g')" -%}
    case
        when trim({{ expression }}, ' ') <> ''
            then substr({{ pii_hash(plain_letters(expression) ~ " || ' ' || " ~ number) }}, 1, 16)
        else {{ expression }}
    end
{%- endmacro %}

{#-
  A date, to the year: its first day. What is no date stays none.

  Arguments:
    expression: SQL that gives a text.
-#}
{% macro mask_date(expression) -%}
    case
        when {{ try_timestamp(expression) }} is not null
            then substr(cast(cast({{ try_timestamp(expression) }} as date) as varchar), 1, 4) || '-01-01'
        when trim({{ expression }}, ' ') <> '' then 'masked'
        else {{ expression }}
    end
{%- endmacro %}

{#-
  A text that people wrote, without the e-mail addresses and telephone numbers in it. Names in it are
  not known as such.

  Arguments:
    expression: SQL that gives a text.
-#}
{% macro mask_text(expression) -%}
    regexp_replace(
        regexp_replace(
            {{ expression }},
            '[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+[.])+[A-Za-z]{2,}',
            '(e-mail)',
            'g'
        ),
        '[+]?[0-9]([ /.-]?[(]?[0-9][)]?){6,18}',
        '(number)',
        'g'
    )
{%- endmacro %}
