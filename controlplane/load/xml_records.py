"""Reads the records of an XML file, every value as the text that the source has for it.

A file is parsed twice: which elements repeat decides what a column is, and the last record may be
the first that shows it. So each column means the same in all records, and memory stays constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import quoteattr

from controlplane.errors import SourceError
from controlplane.load.rejects import Reject, RejectSpool
from controlplane.load.xml_events import attributes_of, local_name, parse_xml
from controlplane.load.xml_shape import Shape, find_records, merged, read_shape
from controlplane.load.xml_values import Element, as_xml, column_keys, titles_of, values_of
from controlplane.naming import snake_case

if TYPE_CHECKING:
    from xml.sax.xmlreader import AttributesImpl, Locator


@dataclass(frozen=True)
class XmlCount:
    """How many records there are, under which titles, and the longest line written, in bytes."""

    titles: tuple[str, ...]
    good: int
    longest: int


def split_xml(
    path: Path,
    source: str,
    wanted: str | None,
    declared: Sequence[str],
    good: Path,
    rejects: RejectSpool,
) -> XmlCount:
    """Write the records to `good` as plain CSV with their number in front.

    What stands outside of the records goes to the rejects, unless the spec names the records.

    Args:
        path: the file.
        source: the file, for messages.
        wanted: the element that is a record, where the spec names it.
        declared: columns that are there although no record may have them.
        good: where the records go.
        rejects: where the rest goes.

    Raises:
        SourceError: the file is not well-formed, or has no record.
    """
    if not path.stat().st_size:
        raise SourceError(f"{source}: is empty", hint="deliver a file with records")
    root = read_shape(path, source)
    paths = find_records(root, wanted, source)
    record = merged(shapes[-1] for shapes in paths)
    is_nothing = paths == [[root]] and not (root.children or root.attributes or root.has_text)
    keys = [] if is_nothing else column_keys(record) if paths else []
    titles = titles_of(keys, record.name)
    known = {snake_case(title) for title in titles}
    titles += [name for name in declared if name not in titles and snake_case(name) not in known]
    if not titles:
        raise SourceError(
            f"{source}: has no record",
            hint="deliver a file with records, or declare its columns in the spec",
        )
    records = {id(shapes[-1]) for shapes in paths} if keys else set()
    with good.open("w", encoding="utf-8", newline="") as out:
        writer = _Writer(out, record, keys, len(titles))
        reading = _Reading(
            Shape("", children={root.name: root}),
            records,
            min(map(len, paths), default=1),
            writer.write,
            rejects if wanted is None and keys else None,
        )
        parse_xml(path, source, reading)
    return XmlCount(tuple(titles), writer.count, writer.longest)


class _Writer:
    def __init__(self, out: IO[str], record: Shape, keys: Sequence[str], width: int) -> None:
        self._out = out
        self._record = record
        self._keys = keys
        self._rest = "," * (width - len(keys))
        self.count = 0
        self.longest = 0

    def write(self, element: Element) -> None:
        """Write one record."""
        self.count += 1
        values: Mapping[str, str | None] = values_of(element, self._record)
        row = [
            f'"{value.replace(_Q, _QQ)}"' if value is not None else ""
            for value in map(values.get, self._keys)
        ]
        line = f"{self.count},{','.join(row)}{self._rest}\n"
        self._out.write(line)
        # A character has four bytes at most.
        self.longest = max(self.longest, 4 * len(line))


_Q, _QQ = '"', '""'


@dataclass
class _Text:
    """The text of an element that holds records, and the line where it begins."""

    line: int = 0
    parts: list[str] = field(default_factory=list)


class _Reading(ContentHandler):
    """Builds the elements that are records, and those that stand outside of them."""

    def __init__(
        self,
        document: Shape,
        records: set[int],
        level: int,
        write: Callable[[Element], None],
        rejects: RejectSpool | None,
    ) -> None:
        super().__init__()
        self._above = [document]
        self._texts: list[_Text] = [_Text()]
        self._records = records
        self._level = level
        self._write = write
        self._rejects = rejects
        self._inside: list[Element] = []
        self._line = 0
        self._locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        plain = local_name(name)
        attributes, is_null = attributes_of(attrs) if len(attrs) else ({}, False)
        if self._inside:
            element = Element(plain, attributes, is_null)
            self._inside[-1].parts.append(element)
            self._inside.append(element)
            return
        shape = self._above[-1].children[plain]
        deep = not shape.children or len(self._above) >= self._level
        if id(shape) in self._records or (self._rejects is not None and deep):
            self._line = self._number()
            self._inside.append(Element(plain, attributes, is_null))
        elif attributes and self._rejects is not None:
            # It holds records, and says something itself.
            marks = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
            self._reject(self._number(), f"<{plain}{marks}>")
        self._above.append(shape)
        self._texts.append(_Text())

    def characters(self, content: str) -> None:
        if self._inside:
            self._inside[-1].parts.append(content)
        elif self._rejects is not None and not content.isspace():
            here = self._texts[-1]
            here.line = here.line or self._number()
            here.parts.append(content)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        if len(self._inside) > 1:
            self._inside.pop()
            return
        shape = self._above.pop()
        text = self._texts.pop()
        if self._inside:
            element = self._inside.pop()
            if id(shape) in self._records:
                self._write(element)
            elif element.parts or element.attributes:
                self._reject(self._line, as_xml(element))
        elif text.parts:
            self._reject(text.line, "".join(text.parts))

    def _number(self) -> int:
        return int(self._locator.getLineNumber() or 0) if self._locator else 0

    def _reject(self, line: int, text: str) -> None:
        if self._rejects is not None:
            self._rejects.add(Reject(line, None, text, "stands outside of the records"))
