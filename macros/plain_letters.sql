{#-
  A name in plain lower-case letters: without accents, blanks, points and the like, with `ss` for the
  German sharp s. The letters are listed, since PostgreSQL knows capitals beyond ASCII in some locales
  only.
-#}
{% macro plain_letters(expression) -%}
    regexp_replace(
        lower(
            translate(
                replace({{ expression }}, 'ß', 'ss'),
                'ÄÀÁÂÃÅÇÉÈÊËÍÌÎÏÑÖÓÒÔÕØÜÚÙÛÝäàáâãåçéèêëíìîïñöóòôõøüúùûýÿ',
                'AAAAAACEEEEIIIINOOOOOOUUUUYaaaaaaceeeeiiiinoooooouuuuyy'
            )
        ),
        '[^a-z]',
        '',
        'g'
    )
{%- endmacro %}
