"""Which columns look personal: their values are not shown to people who asked for something else."""

from __future__ import annotations

from controlplane.discover.code_lists import word_set
from controlplane.discover.column_names import read_name
from controlplane.discover.findings import Column, Table

_SEMANTICS = frozenset(("email", "phone", "ip", "mac", "geo"))
_WORDS = word_set(
    "email mail phone telephone mobile cell fax tel birth birthday birthdate dob address street ssn iban"
    " passport licence license surname firstname lastname fullname username login password passwd"
    " secret token salary latitude longitude card vorname nachname strasse telefon prenom apellido"
    " contact gender sex religion ethnicity race nationality photo"
)
_NAMED = word_set(
    "first last middle full maiden given family contact user person customer client employee member"
    " author artist actor patient student owner holder buyer seller guest birth nick cust emp staff"
    " manager teacher driver player c"
)
_PEOPLE = word_set(
    "person people customer client employee staff user member contact author actor patient student"
    " owner guest subscriber player teacher driver manager worker personnel account lead visitor buyer"
)
_NAME = frozenset(("name", "names", "title"))


def is_personal(table: Table, column: Column) -> bool:
    """Whether a column's values look like a person's: by what they are, else by the names."""
    if column.kind.semantic in _SEMANTICS:
        return True
    words = read_name(column.name).words
    joined = "".join(words)
    if any(word in _WORDS for word in words) or joined in _WORDS:
        return True
    if column.kind.type != "string" or not words or words[-1] not in _NAME:
        return False
    if any(word in _NAMED for word in words[:-1]):
        return True
    owner = {word.removesuffix("s") for word in read_name(table.name).words}
    return len(words) == 1 and bool(owner & _PEOPLE)
