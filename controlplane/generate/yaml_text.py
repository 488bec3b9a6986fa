"""YAML as a careful person writes it: block style, two spaces, quotes only where they are needed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# What YAML does not take as it is, or folds: control characters, odd spaces, line separators.
_ODD = r"\x7f-\xa0\u2000-\u200f\u2028-\u202f\ud800-\udfff\ufeff\ufffe\uffff"
_PLAIN = re.compile(rf"[A-Za-z_(][^\x00-\x1f:#{{}}\[\]&*!|>%@\"\\{_ODD}]*")
_UNPRINTABLE = re.compile(f"[{_ODD}]")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"})


def yaml_text(value: Mapping[str, Any] | list[Any], depth: int = 0) -> str:
    """`value` as YAML; keys keep their order."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        return "".join(f"{pad}{key}:{_item(item, depth)}" for key, item in value.items())
    lines = []
    for item in value:
        if isinstance(item, (Mapping, list)) and item:
            block = yaml_text(item, depth + 1)
            lines.append(f"{pad}- {block[len(pad) + 2 :]}")
        else:
            lines.append(f"{pad}- {_scalar(item)}\n")
    return "".join(lines)


def _item(value: Any, depth: int) -> str:
    if isinstance(value, (Mapping, list)):
        if not value:
            return " {}\n" if isinstance(value, Mapping) else " []\n"
        return "\n" + yaml_text(value, depth + 1)
    return f" {_scalar(value)}\n"


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (Mapping, list)):
        return "{}" if isinstance(value, Mapping) else "[]"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and text == text.strip():
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
