"""Makes columns of an XML element: attributes and inner elements, each as text.

`<order id="7"><customer><name>Ann</name></customer><item>a</item><item>b</item></order>` has the
columns `id`, `customer_name` and `item`, the last one an array in JSON. Text with elements in it
stays XML.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from controlplane.load.xml_shape import Shape


@dataclass(slots=True)
class Element:
    """An element with what is in it: texts and other elements, in their order."""

    name: str
    attributes: dict[str, str]
    is_null: bool
    parts: list[str | Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text."""
        parts = self.parts
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        return "".join([part for part in parts if isinstance(part, str)])


def as_xml(element: Element) -> str:
    """The element as XML, without namespaces."""
    marks = "".join(f" {name}={quoteattr(value)}" for name, value in element.attributes.items())
    inner = _inner(element)
    return (
        f"<{element.name}{marks}>{inner}</{element.name}>" if inner else f"<{element.name}{marks}/>"
    )


def column_keys(record: Shape) -> list[str]:
    """The columns of a record as paths: `@id`, `customer/name`; its own text is an empty path."""
    keys: list[str] = []
    _collect(record, "", keys)
    return keys


def titles_of(keys: Sequence[str], record: str) -> list[str]:
    """A title for each column, of two alike the shorter path first, whatever their order."""
    plain = {key: key.replace("@", "").replace("/", "_") or record for key in keys}
    titles: dict[str, str] = {}
    counts: dict[str, int] = {}
    for key in sorted(keys, key=lambda key: (key.count("/"), "@" in key, key)):
        title = plain[key]
        counts[title] = counts.get(title, 0) + 1
        titles[key] = title if counts[title] == 1 else f"{title}_{counts[title]}"
    return [titles[key] for key in keys]


def values_of(element: Element, record: Shape) -> dict[str, str | None]:
    """The record's values by the paths of their columns."""
    values: dict[str, str | None] = {}
    _fill(values, element, record, "")
    return values


def _collect(shape: Shape, path: str, keys: list[str]) -> None:
    below = f"{path}/" if path else ""
    keys.extend(f"{below}@{name}" for name in shape.attributes)
    if shape.holds_text:
        keys.append(path)
    if shape.is_mixed and path:
        return
    for name, child in shape.children.items():
        if child.most > 1:
            keys.append(below + name)
        else:
            _collect(child, below + name, keys)


def _fill(values: dict[str, str | None], element: Element, shape: Shape, path: str) -> None:
    below = f"{path}/" if path else ""
    for name, value in element.attributes.items():
        values[f"{below}@{name}"] = value
    if shape.is_mixed and path:
        values[path] = None if element.is_null else _inner(element)
        return
    inner = [part for part in element.parts if not isinstance(part, str)]
    if shape.holds_text:
        text = element.text
        is_value = not element.is_null and (text.strip() or not (inner or shape.attributes))
        values[path] = text if is_value else None
    repeated: dict[str, list[object]] = {}
    for child in inner:
        known = shape.children[child.name]
        if known.most > 1:
            repeated.setdefault(child.name, []).append(_json(child, known))
        elif known.is_text:
            values[below + child.name] = None if child.is_null else child.text
        else:
            _fill(values, child, known, below + child.name)
    for name, found in repeated.items():
        values[below + name] = json.dumps(found, ensure_ascii=False)


def _json(element: Element, shape: Shape) -> object:
    """The element as a value of JSON: text, or an object where elements of its kind hold more."""
    if element.is_null:
        return None
    text = _inner(element) if shape.is_mixed else element.text
    if not shape.attributes and (shape.is_mixed or not shape.children):
        return text
    values: dict[str, object] = {
        (f"@{name}" if name in shape.children else name): value
        for name, value in element.attributes.items()
    }
    if text.strip():
        values["text" if "text" not in {*values, *shape.children} else "#text"] = text
    if shape.is_mixed:
        return values
    for child in element.parts:
        if isinstance(child, str):
            continue
        known = shape.children[child.name]
        value = _json(child, known)
        if known.most > 1:
            found = values.setdefault(child.name, [])
            assert isinstance(found, list)  # noqa: S101 - a name is an attribute's or a list's
            found.append(value)
        else:
            values[child.name] = value
    return values


def _inner(element: Element) -> str:
    return "".join(
        [escape(part) if isinstance(part, str) else as_xml(part) for part in element.parts]
    )
