"""`databank schema` prints a JSON Schema and nothing else."""

from __future__ import annotations

import json

import jsonschema  # type: ignore[import-untyped]
import pytest

from controlplane.__main__ import main


@pytest.mark.parametrize(
    ("kind", "field"),
    [("etl", "source_config"), ("warehouse", "storage_config"), ("pipeline", "stages")],
)
def test_the_schema_of_each_kind_is_printed(
    kind: str, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["schema", kind])
    assert caught.value.code == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft7Validator.check_schema(schema)
    assert field in schema["required"]


def test_a_kind_that_does_not_exist_is_a_wrong_request(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["schema", "table"])
    assert caught.value.code == 2
    assert "'etl', 'warehouse', 'pipeline'" in capsys.readouterr().err
