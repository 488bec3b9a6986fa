"""Names as diagrams can show them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# What XML 1.0 has no way to write, and halves of characters.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def shown(name: str) -> str:
    """The name on one line, without characters that have no picture."""
    return _UNSHOWN.sub(" ", name)


def plain_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """For each name one of ASCII letters, digits and `_`, no two alike and none of `taken`."""
    used = {each.lower() for each in taken}
    found = {}
    for name in names:
        ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        plain = re.sub(r"\W+", "_", ascii_name).strip("_") or "name"
        if plain[0].isdigit():
            plain = f"n{plain}"
        made, number = plain, 1
        while made.lower() in used:
            number += 1
            made = f"{plain}_{number}"
        used.add(made.lower())
        found[name] = made
    return found
