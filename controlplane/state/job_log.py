"""A job's log: JSON lines in the project's state folder, readable while they are written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class LogLine:
    """One line of a job's log."""

    time: datetime
    level: str
    message: str
    attempt: int


def job_folder(state_dir: Path, job_id: str) -> Path:
    """Where the files of a job are: its log and the artifacts of its attempts."""
    return state_dir / "jobs" / job_id


def log_path(state_dir: Path, job_id: str) -> Path:
    """The file of a job's log."""
    return job_folder(state_dir, job_id) / "log.jsonl"


def append_line(path: Path, line: LogLine) -> None:
    """Add a line in one write, so that lines of two processes do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "time": line.time.isoformat(),
        "level": line.level,
        "message": line.message,
        "attempt": line.attempt,
    }
    text = json.dumps(document, ensure_ascii=False) + "\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def read_lines(path: Path, offset: int = 0) -> Iterator[tuple[LogLine, int]]:
    """The complete lines from a byte offset on, each with the offset behind it."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            for raw in file:
                if not raw.endswith(b"\n"):
                    return  # being written
                offset += len(raw)
                line = _parse(raw)
                if line is not None:
                    yield line, offset
    except FileNotFoundError:
        return


def _parse(raw: bytes) -> LogLine | None:
    """The line; None for one that a crash cut short and a later write continued."""
    try:
        document = json.loads(raw)
        return LogLine(
            time=datetime.fromisoformat(document["time"]),
            level=str(document["level"]),
            message=str(document["message"]),
            attempt=int(document["attempt"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
