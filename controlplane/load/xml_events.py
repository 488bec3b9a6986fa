"""Passes an XML file to a handler in constant memory; what could do harm is refused."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import InputSource

from controlplane.errors import SourceError

if TYPE_CHECKING:
    from xml.sax.xmlreader import AttributesImpl

MOST_LEVELS = 200
_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)""")
_AT_HOME = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be"})
# They say how the document is to be read, and nothing of what it holds.
_NO_DATA = frozenset({"schemaLocation", "noNamespaceSchemaLocation", "nil"})
_INSTANCE = "xsi:"


def parse_xml(path: Path, source: str, handler: ContentHandler) -> None:
    """Tell the handler all that is in the file.

    Raises:
        SourceError: it is not well-formed, or declares entities, or refers to other files.
    """
    from defusedxml.common import EntitiesForbidden, ExternalReferenceForbidden
    from defusedxml.sax import make_parser

    parser = make_parser()
    parser.setContentHandler(handler)
    with path.open("rb") as file:
        try:
            parser.parse(_input(file))
        except SAXParseException as error:
            raise SourceError(
                f"{source}:{error.getLineNumber()}:{(error.getColumnNumber() or 0) + 1}: is not"
                f" well-formed XML: {error.getMessage()}",
                hint="nothing of the file was kept; deliver it complete and mended",
            ) from error
        except EntitiesForbidden as error:
            raise SourceError(
                f"{source}: declares the entity '{error.name}'; files with entities of their own are"
                " refused, because these can grow beyond measure or read other files",
                hint="deliver the file with the entities replaced by their text",
            ) from error
        except ExternalReferenceForbidden as error:
            raise SourceError(
                f"{source}: refers to {error.sysid or 'another file'}, which is not read",
                hint="deliver the file without the reference (in <!DOCTYPE …>)",
            ) from error
        except (UnicodeError, LookupError) as error:
            raise SourceError(
                f"{source}: cannot be read in the encoding that it declares: {error}",
                hint="deliver it in the encoding that its first line names, or in UTF-8",
            ) from error


def _input(file: io.BufferedReader) -> InputSource:
    """The file; decoded, if it is in one of the encodings that the parser does not know."""
    start = file.read(1024)
    file.seek(0)
    given = InputSource()
    declared = _ENCODING.match(start.lstrip())
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if encoding in _AT_HOME or len(bytes(range(256)).decode(encoding, "replace")) == 256:
        given.setByteStream(file)
    else:
        given.setCharacterStream(io.TextIOWrapper(file, encoding=encoding, newline=""))
    return given


def local_name(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(":")[2] if ":" in name else name


def attributes_of(attributes: AttributesImpl) -> tuple[dict[str, str], bool]:
    """Attributes by their plain names, and whether they say that the element holds NULL."""
    found: dict[str, str] = {}
    is_null = False
    for name, value in attributes.items():
        if name.startswith("xmlns"):
            continue
        plain = local_name(name)
        if name.startswith(_INSTANCE) and plain in _NO_DATA:
            is_null = is_null or (plain == "nil" and value in ("true", "1"))
            continue
        # Of two that differ in their namespace alone, none is lost.
        found[plain if plain not in found else name.replace(":", "_")] = value
    return found, is_null
