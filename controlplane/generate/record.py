"""What was generated last, kept in git beside the specs: the base of every later merge.

`specs/.generated/<slug>.json` holds what was known of the source and the text of each file as it was
generated, one line of text a line, so that a pull request shows both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from controlplane.errors import ConfigError
from controlplane.generate.changes import write_text
from controlplane.specs.source_schema import SourceSchema

FOLDER = ".generated"


@dataclass(frozen=True)
class Record:
    """The last generation of one process: its source as it was known, and the files."""

    spec: str
    source: str
    schema: SourceSchema | None = None
    files: Mapping[str, str] = field(default_factory=dict)


def record_path(specs_dir: Path, slug: str) -> Path:
    """Where the record of a process is."""
    return specs_dir / FOLDER / f"{slug}.json"


def read_record(path: Path) -> Record | None:
    """The record in a file; None where there is none.

    Raises:
        ConfigError: the file is there and is not a record.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            spec=data["spec"],
            source=data["source"],
            schema=SourceSchema.from_dict(data["schema"]) if data["schema"] else None,
            files={
                name: "".join(f"{line}\n" for line in lines)
                for name, lines in data["files"].items()
            },
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path}: is not a record of what was generated ({error})",
            hint="take the version of your branch (git checkout), then run databank generate",
        ) from error


def write_record(path: Path, record: Record) -> None:
    """Put the record in its file, whole or not at all."""
    content = {
        "spec": record.spec,
        "source": record.source,
        "schema": record.schema.to_dict() if record.schema else None,
        "files": {
            name: text.removesuffix("\n").split("\n") for name, text in sorted(record.files.items())
        },
    }
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
