"""The reference's request bodies, and small specs that are right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[3] / "shared" / "references" / "data-warehousing-api.md"
Body = dict[str, Any]


@pytest.fixture(scope="session")
def reference_body() -> Callable[[str], Body]:
    """The request body of an endpoint such as `etl`, as the reference has it."""

    def body(endpoint: str) -> Body:
        if not REFERENCE.is_file():
            pytest.skip("the reference documents are not beside this checkout")
        text = REFERENCE.read_text(encoding="utf-8")
        section = text[text.index(f"`POST /{endpoint}`") :]
        match = re.search(r"```json\n(.*?)```", section, re.DOTALL)
        assert match is not None
        found: Body = json.loads(match[1])
        return found

    return body


@pytest.fixture
def write_specs(tmp_path: Path) -> Callable[..., Path]:
    """Write files below `specs/` of an empty project, given by their path, and return its root."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            folder, _, stem = name.partition("__")
            path = tmp_path / "specs" / folder / f"{stem}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write
