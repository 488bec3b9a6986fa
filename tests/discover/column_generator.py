"""Columns with a known type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Generated:
    name: str
    values: tuple[str | None, ...]
    truth: str


def generated_cases(count: int) -> list[Generated]:
    return []
