"""A project whose command is run as people run it, and files for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controlplane.load import LoadResult, load_process
from controlplane.specs.etl import EtlProcess


@dataclass
class Station:
    """A project on DuckDB, with the command and the loader."""

    warehouse: Any
    environment: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        root: Path = self.warehouse.project.root
        return root

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        clean = {key: value for key, value in os.environ.items() if "DATABANK" not in key}
        return subprocess.Popen(
            [sys.executable, "-m", "controlplane", *arguments],
            cwd=self.root,
            env=clean | {"PYTHONPATH": os.pathsep.join(sys.path)} | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        """What the command says; its exit code is as expected."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        self.said += [out, err]
        assert process.returncode == code, out + err
        return out + err

    def ingest(self, url: str, table: str = "landed", code: int = 0) -> list[dict[str, Any]]:
        """What `databank ingest --file` says of each file."""
        process = self.start("ingest", "--file", url, "--as", table, "-o", "json")
        out, err = process.communicate(timeout=120)
        self.said += [out, err]
        assert process.returncode == code, out + err
        files: list[dict[str, Any]] = json.loads(out)["files"]
        return files

    def process(self, path: str | list[str], **source: Any) -> EtlProcess:
        """A process that reads CSV files there."""
        return EtlProcess.model_validate(
            {
                "name": "shop",
                "type": "full",
                "source_config": {"source_type": "csv", "path": path, **source},
                "target_config": {"load_strategy": "append"},
            }
        )

    def load(self, path: str | list[str], **source: Any) -> LoadResult:
        """Load the process."""
        return self.load_process(self.process(path, **source))

    def load_process(self, process: EtlProcess) -> LoadResult:
        """Load a process."""
        return load_process(
            process,
            self.warehouse.project,
            self.warehouse.target,
            job_id=None,
            now=lambda: datetime.now(UTC),
        )

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.warehouse.target.query(
            f"select {columns} from raw.{table} order by 1"
        )
        return found

    def ledger(self) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.warehouse.target.query(
            "select source, rows_loaded from raw._loads order by batch_id"
        )
        return found

    def traces(self, secret: str) -> list[str]:
        """Where the secret stands: in what was said, or in a file that was written."""
        found = [text for text in self.said if secret in text]
        for path in self.root.rglob("*"):
            if path.is_file() and secret.encode() in path.read_bytes():
                found.append(str(path))
        return found


def csv(*ids: int) -> bytes:
    """A file with these records."""
    return b"id,name\n" + b"".join(b"%d,n%d\n" % (number, number) for number in ids)


def big_csv(rows: int) -> bytes:
    """A file that does not come in one piece."""
    return b"id,name\n" + b"".join(b"%d,name-of-record-%d\n" % (n, n) for n in range(rows))
