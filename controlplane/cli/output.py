"""The only place that prints: answers on standard output, narration on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

FORMAT_VERSION = 1


def emit(document: Mapping[str, Any], output: str, render: Callable[[], str]) -> None:
    """Print one answer: `document` with the format's version as JSON, or what `render` returns."""
    if output == "json":
        _print(json.dumps({"version": FORMAT_VERSION, **document}, indent=2, default=_plain))
        return
    text = render()
    if text:
        _print(text)


def narrate(message: str) -> None:
    """Print a line about what is going on, on standard error."""
    _print(message, err=True)


def _print(text: str, *, err: bool = False) -> None:
    """Print; when the reader went away (`| head`), the work and its exit code are the same."""
    try:
        click.echo(text, err=err)
    except BrokenPipeError:
        stream = sys.stderr if err else sys.stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """`rows` under `header` as aligned text; columns of numbers are aligned to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [
        bool(cells) and all(_is_number(row[index]) for row in cells) for index in range(len(header))
    ]
    lines = [list(header), *cells]
    widths = [max(len(line[index]) for line in lines) for index in range(len(header))]
    return "\n".join(
        "  ".join(
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _is_number(text: str) -> bool:
    return text == "-" or text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
