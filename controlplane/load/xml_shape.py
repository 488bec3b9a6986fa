"""What elements an XML file has, and which of them are its records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.handler import ContentHandler

from controlplane.errors import SourceError
from controlplane.load.xml_events import MOST_LEVELS, attributes_of, local_name, parse_xml

if TYPE_CHECKING:
    from xml.sax.xmlreader import AttributesImpl


@dataclass(eq=False, slots=True)
class Shape:
    """What is known of all elements at one path.

    `most` is how many of them one parent has at most; `is_mixed` says whether one of them has text
    beside elements.
    """

    name: str
    count: int = 0
    most: int = 0
    has_text: bool = False
    is_mixed: bool = False
    attributes: dict[str, None] = field(default_factory=dict)
    children: dict[str, Shape] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        """Whether such elements hold text and nothing else, as most do."""
        return not (self.attributes or self.children)

    @property
    def holds_text(self) -> bool:
        """Whether its text is a value: not where it only holds attributes or other elements."""
        return self.has_text or self.is_text


def read_shape(path: Path, source: str) -> Shape:
    """The root element of a file with all that is in it.

    Raises:
        SourceError: the file cannot be read.
    """
    looking = _Looking(source)
    parse_xml(path, source, looking)
    return next(iter(looking.document.children.values()))


def find_records(root: Shape, wanted: str | None, source: str) -> list[list[Shape]]:
    """The paths from the root to the elements that are records; without `wanted` there is one.

    Args:
        root: the root element.
        wanted: the name of the element, or the end of its path.
        source: the file, for messages.

    Raises:
        SourceError: there is no such element, although there are others.
    """
    if wanted is None:
        return [_repeated(root) or _innermost(root)]
    parts = wanted.split("/")
    found = list(_ending(root, parts, []))
    if not found and root.children:
        names = ", ".join(dict.fromkeys(_names(root)))
        raise SourceError(
            f"{source}: has no element '{wanted}' (has: {names[:200]})",
            hint="correct source_config.format.record",
        )
    return found


def merged(shapes: Iterable[Shape]) -> Shape:
    """What is known of elements at several paths."""
    total = Shape("")
    for shape in shapes:
        total.name = shape.name
        total.most = max(total.most, shape.most)
        total.has_text |= shape.has_text
        total.is_mixed |= shape.is_mixed
        total.attributes |= shape.attributes
        for name, child in shape.children.items():
            both = [total.children[name], child] if name in total.children else [child]
            total.children[name] = merged(both)
    return total


def _repeated(root: Shape) -> list[Shape] | None:
    """The path to the most frequent of the elements that repeat at the level nearest to the root."""
    level = [[root]]
    while level:
        level = [[*path, child] for path in level for child in path[-1].children.values()]
        repeating = [path for path in level if path[-1].most > 1]
        if repeating:
            return max(repeating, key=lambda path: path[-1].count)
    return None


def _innermost(root: Shape) -> list[Shape]:
    """The path to the one record of a file in which nothing repeats, through what only wraps it."""
    path = [root]
    while True:
        here = path[-1]
        inner = next(iter(here.children.values()), None)
        if inner is None or len(here.children) > 1 or not inner.children or here.attributes:
            return path
        path.append(inner)


def _ending(shape: Shape, parts: list[str], above: list[Shape]) -> Iterator[list[Shape]]:
    path = [*above, shape]
    if [each.name for each in path[-len(parts) :]] == parts:
        yield path
        return
    for child in shape.children.values():
        yield from _ending(child, parts, path)


def _names(shape: Shape) -> Iterator[str]:
    for child in shape.children.values():
        yield child.name
        yield from _names(child)


@dataclass(slots=True)
class _Open:
    """An element that has not ended yet."""

    shape: Shape
    counts: dict[str, int] = field(default_factory=dict)
    has_text: bool = False


class _Looking(ContentHandler):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.document = Shape("")
        self._source = source
        self._open = [_Open(self.document)]

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        name = local_name(name)
        parent = self._open[-1]
        number = parent.counts[name] = parent.counts.get(name, 0) + 1
        shape = parent.shape.children.get(name)
        if shape is None:
            shape = parent.shape.children[name] = Shape(name)
            if len(self._open) > MOST_LEVELS:
                raise SourceError(
                    f"{self._source}: is nested more than {MOST_LEVELS} levels deep, at <{name}>"
                )
        shape.count += 1
        shape.most = max(shape.most, number)
        if len(attrs):
            shape.attributes |= dict.fromkeys(attributes_of(attrs)[0])
        self._open.append(_Open(shape))

    def characters(self, content: str) -> None:
        here = self._open[-1]
        if not here.has_text and not content.isspace():
            here.has_text = True

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        here = self._open.pop()
        if here.has_text:
            here.shape.has_text = True
            here.shape.is_mixed = here.shape.is_mixed or bool(here.counts)
