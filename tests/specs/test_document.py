"""Text becomes values with lines, or one clear problem."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from controlplane.specs.document import MAX_VALUES, read_document
from controlplane.specs.write import render


def problem(text: str, name: str = "a.yml") -> tuple[int, str, str]:
    """Line, field and message of the one problem of a text."""
    document = read_document(text, name)
    assert len(document.problems) == 1, document.problems
    found = document.problems[0]
    assert found.file == name
    for foreign in ("yaml", "Traceback", "<unicode string>", "while parsing", "JSONDecode"):
        assert foreign not in found.message
    return found.line, found.field, found.message


def fields(text: str, name: str = "a.yml") -> Any:
    document = read_document(text, name)
    assert document.problems == ()
    return document.fields


def test_yaml_is_read_as_version_1_2() -> None:
    """`no` is Norway, and neither dates nor numbers with colons are anything but text."""
    assert fields(
        "country: no\nswitch: on\nyes: y\nday: 2024-01-01\ntime: 12:30\n"
        "big: 1_000\noctal: 0o17\nten: 010\nfloat: 1e3\nnothing: ~\nempty:\nflag: True\n"
    ) == {
        "country": "no",
        "switch": "on",
        "yes": "y",
        "day": "2024-01-01",
        "time": "12:30",
        "big": "1_000",
        "octal": 15,
        "ten": 10,
        "float": 1000.0,
        "nothing": None,
        "empty": None,
        "flag": True,
    }


def test_lines_are_those_of_fields_and_items() -> None:
    text = "a: 1\n\n# a comment\nb:\n  - x\n  -\n    c: |\n      long\n      text\n    d: 2\n"
    lines = read_document(text, "a.yml").lines
    assert lines == {"": 1, "a": 1, "b": 4, "b[0]": 5, "b[1]": 7, "b[1].c": 7, "b[1].d": 10}


def test_json_has_lines_too() -> None:
    text = '{\n  "a": 1, "b": [\n    "x",\n\n    {\n      "c": "d\\n\\ud83d\\ude00"}]\n}'
    document = read_document(text, "a.json")
    assert document.fields == {"a": 1, "b": ["x", {"c": "d\n😀"}]}
    assert document.lines == {"": 1, "a": 2, "b": 2, "b[0]": 3, "b[1]": 5, "b[1].c": 6}


def test_json_is_known_by_its_text_where_the_name_does_not_say_so() -> None:
    assert fields('{"a": "\\/ \\ud83d\\ude00"}', "standard input") == {"a": "/ 😀"}
    assert fields("{a: b}", "standard input") == {"a": "b"}


def test_anchors_and_merges_are_filled_in() -> None:
    text = "base: &base {x: 1, y: 2}\nmine:\n  <<: *base\n  y: 3\nagain: *base\n"
    assert fields(text) == {
        "base": {"x": 1, "y": 2},
        "mine": {"x": 1, "y": 3},
        "again": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the file is empty"),
        ("\n\n  \n", 1, "the file is empty"),
        ("# only a comment\n", 1, "the file is empty"),
        ("---\n", 1, "the file holds no fields"),
        ("just text\n", 1, "the file holds no fields"),
        ("- a\n- b\n", 1, "the file holds no fields"),
        ("a: 1\nb: [1, 2\n", 2, "the file ends in the middle"),
        ("a: 1\n\tb: 2\n", 2, "indented with a tab"),
        ("a: 1\nb: c: d\n", 2, "needs quotes"),
        ("a: 1\n  b: 2\n", 2, "is not valid YAML"),
        ("a: 'open\nb: 2\n", 1, "the file ends in the middle"),
        ("a: *nowhere\n", 1, "refers to an anchor that is not there"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\nb: \x07\n", 2, "U+0007"),
        ("a: %b\n", 1, "is not valid YAML"),
    ],
)
def test_yaml_that_cannot_be_read_is_one_problem_with_its_line(
    text: str, line: int, words: str
) -> None:
    found = problem(text)
    assert words in found[2]
    assert found[0] == line


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"a": 1,\n "b": }', 2, "expecting value (column 7)"),
        ('{"a": 1\n "b": 2}', 2, "is not valid JSON"),
        ('{"a": NaN}', 1, "NaN is not a number that JSON has"),
        ("[1]", 1, "the file holds no fields"),
        ("", 1, "the file is empty"),
        ("a: 1", 1, "is not valid JSON"),
        ('{"a": ' + "[" * 100_000, 1, "nested too deeply"),
    ],
)
def test_json_that_cannot_be_read_is_one_problem_with_its_line(
    text: str, line: int, words: str
) -> None:
    found = problem(text, "a.json")
    assert words in found[2]
    assert found[0] == line


@pytest.mark.parametrize(
    ("text", "name"),
    [("a:\n  b: 1\n  c: 2\n  b: 3\n", "x.yml"), ('{"a": {\n"b": 1,\n"c": 2,\n"b": 3}}', "x.json")],
)
def test_a_field_that_is_there_twice_is_told_with_both_lines(text: str, name: str) -> None:
    assert problem(text, name) == (4, "a.b", "is there twice, first on line 2; keep one")


def test_a_block_that_contains_itself_is_told() -> None:
    assert problem("a: &a\n  b: *a\n")[1:] == ("a.b", "refers to a block that contains it")


def test_references_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert f"more than {MAX_VALUES:,} values" in problem("\n".join(rows))[2]


def test_nesting_without_end_is_refused() -> None:
    assert "nested too deeply" in problem("a: " + "[" * 5_000 + "]" * 5_000)[2]


@pytest.mark.parametrize("text", ["a: !!python/object:os.system x", "a: !secret x", "a: !!set {x}"])
def test_tags_that_specs_do_not_use_are_refused(text: str) -> None:
    assert "which specs do not use" in problem(text)[2]


def test_a_number_that_is_none_is_refused() -> None:
    assert "expected a finite number" in problem("a: .inf")[2]


class Anything(BaseModel):
    """A block with one field of any shape."""

    content: Any


plain = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
contents = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


def readable(value: Any) -> bool:
    """Whether YAML can hold the value: no lone surrogates, no infinite numbers."""
    if isinstance(value, dict):
        return all(readable(key) and readable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(readable, value))
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    return True


@given(contents.filter(readable))
def test_what_is_written_is_read_back_as_it_was(content: Any) -> None:
    document = {"content": content}
    assert fields(render(document, Anything)) == document
    assert fields(render(document, Anything, ".json"), "a.json") == document


@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    if not readable(text):
        return
    for name in ("a.yml", "a.json"):
        document = read_document(text, name)
        assert document.problems or document.fields is not None
        assert all(1 <= p.line <= text.count("\n") + 2 for p in document.problems)


@given(contents.filter(readable))
def test_values_of_json_are_those_of_the_library(content: Any) -> None:
    text = json.dumps({"content": content}, indent=1)
    assert fields(text, "a.json") == json.loads(text)
