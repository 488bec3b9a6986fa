"""What a person hands on to dbt is read for what it means to the plan."""

from __future__ import annotations

import pytest

from controlplane.errors import ConfigError
from controlplane.plan.arguments import read_arguments


def test_arguments_are_sorted_by_what_they_bear_on() -> None:
    read = read_arguments(
        ["--vars", "{a: 1}", "--fail-fast", "-f", "--state=old", "--defer", "--vars={b: [2]}"]
    )
    assert read.variables == {"a": 1, "b": [2]}
    assert read.full_refresh
    assert read.changing == ("--state=old", "--defer")
    assert read.for_parse == ("--vars", "{a: 1}", "--state=old", "--vars={b: [2]}")
    assert read.for_build == (
        *("--vars", "{a: 1}", "--fail-fast", "--state=old", "--defer", "--vars={b: [2]}"),
    )


@pytest.mark.parametrize("value", ["[1]", "text", "{", ""])
def test_variables_must_be_a_mapping(value: str) -> None:
    with pytest.raises(ConfigError, match="--vars"):
        read_arguments(["--vars", value])


def test_an_option_of_databanks_names_where_to_give_it() -> None:
    with pytest.raises(ConfigError, match="give --select before `--`"):
        read_arguments(["-m", "x"])
