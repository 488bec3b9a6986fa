"""The diagram as a picture that needs nothing to be shown but a browser."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from controlplane.discover.erd.layout import Box, Layout, Link, Point, arrange
from controlplane.discover.erd.text import shown
from controlplane.discover.findings import Column, Findings, ForeignKey, Table

_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
# Pixels: a letter of the fixed width font at 12, a line, a header, the marks, the margins.
_LETTER, _LINE, _HEAD, _MARKS, _PAD = 7.3, 18.0, 28.0, 52.0, 10.0
_MARGIN, _TOP = 24.0, 52.0
_LONGEST_NAME, _MOST_COLUMNS = 40, 60
_LOOP = 34.0
_COLOURS = {
    "fact": ("#1d4e89", "facts"),
    "dimension": ("#2f6b4f", "dimensions"),
    "bridge": ("#8a5a14", "bridges"),
    "lookup": ("#5b5b8c", "lookups"),
    None: ("#4a5560", "tables"),
}


@dataclass(frozen=True)
class _Drawn:
    """A table as it is drawn: its columns in order, keys first where some are left out."""

    table: Table
    columns: tuple[Column, ...]
    left_out: int

    @property
    def box(self) -> Box:
        names = max((_width(_cut(each.name)) for each in self.columns), default=0.0)
        types = max((_width(each.kind.storage) for each in self.columns), default=0.0)
        inside = max(_MARKS + names + 2 * _LETTER + types, _width(_cut(self.table.name)) * 1.1)
        lines = len(self.columns) + bool(self.left_out)
        return Box(max(inside + 2 * _PAD, 130.0), _HEAD + _LINE * lines + 6)

    def level(self, column: str) -> float:
        """How far below the top the line of a column is."""
        for index, each in enumerate(self.columns):
            if each.name == column:
                return _HEAD + _LINE * (index + 0.5) + 3
        return _HEAD / 2


def svg(findings: Findings) -> str:
    """The tables as boxes with their columns, and their references as lines with crow's feet."""
    drawn = {table.name: _drawn(table, findings) for table in findings.tables}
    places = {name: index for index, name in enumerate(drawn)}
    boxes = [each.box for each in drawn.values()]
    keys = [(table, key) for table in findings.tables for key in table.foreign_keys]
    links = [
        Link(
            places[table.name],
            drawn[table.name].level(key.columns[0]),
            places[key.ref_table],
            drawn[key.ref_table].level(key.ref_columns[0]),
        )
        for table, key in keys
    ]
    layout = arrange(boxes, links)
    width, height = layout.width + 2 * _MARGIN, layout.height + _TOP + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" font-family="{escape(_FONT)}" font-size="12">',
        f"<title>{len(findings.tables)} tables, {len(keys)} references</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_legend(findings),
        f'<g transform="translate({_MARGIN:.0f} {_TOP:.0f})">',
        '<g fill="none" stroke="#8795a1" stroke-width="1.3">',
    ]
    parts += [_line(way, table, key) for way, (table, key) in zip(layout.ways, keys, strict=True)]
    parts.append("</g>")
    parts += _tables(drawn, boxes, layout)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _drawn(table: Table, findings: Findings) -> _Drawn:
    """A table with all columns; of a very wide one those that keys and references are made of first."""
    if len(table.columns) <= _MOST_COLUMNS:
        return _Drawn(table, table.columns, 0)
    needed = {name for key in table.foreign_keys for name in key.columns}
    needed |= set(table.primary_key.columns if table.primary_key else ())
    needed |= {
        name
        for other in findings.tables
        for key in other.foreign_keys
        if key.ref_table == table.name
        for name in key.ref_columns
    }
    first = sorted(table.columns, key=lambda each: each.name not in needed)
    kept = tuple(first[: max(_MOST_COLUMNS, len(needed))])
    return _Drawn(table, kept, len(table.columns) - len(kept))


def _tables(drawn: dict[str, _Drawn], boxes: Sequence[Box], layout: Layout) -> list[str]:
    parts = []
    for each, box, (x, y) in zip(drawn.values(), boxes, layout.corners, strict=True):
        table = each.table
        colour = _COLOURS[table.role][0]
        parts += [
            f'<g class="table" transform="translate({x:.1f} {y:.1f})">',
            f"<title>{_text(table.name)}{f': {table.rows:,} rows' if table.rows else ''}</title>",
            f'<rect width="{box.width:.1f}" height="{box.height:.1f}" rx="5" fill="#ffffff"'
            f' stroke="{colour}" stroke-width="1.2"/>',
            f'<path d="M0 {_HEAD} V5 Q0 0 5 0 H{box.width - 5:.1f} Q{box.width:.1f} 0'
            f' {box.width:.1f} 5 V{_HEAD} Z" fill="{colour}"/>',
            f'<text x="{_PAD}" y="19" font-weight="bold" font-size="13" fill="#ffffff">'
            f"{_text(_cut(table.name))}</text>",
        ]
        primary = table.primary_key.columns if table.primary_key else ()
        foreign = {name for key in table.foreign_keys for name in key.columns}
        for column in each.columns:
            level = each.level(column.name)
            if column.name in primary:
                parts.append(_mark(_PAD, level, "PK", "#b7791f"))
            if column.name in foreign:
                parts.append(_mark(_PAD + 23, level, "FK", "#4a6fa5"))
            weight = ' font-weight="bold"' if column.name in primary else ""
            parts += [
                f'<text x="{_PAD + _MARKS}" y="{level + 4:.1f}"{weight} fill="#1f2933">'
                f"{_text(_cut(column.name))}</text>",
                f'<text x="{box.width - _PAD:.1f}" y="{level + 4:.1f}" text-anchor="end"'
                f' fill="#7b8794">{_text(column.kind.storage)}</text>',
            ]
        if each.left_out:
            level = _HEAD + _LINE * (len(each.columns) + 0.5) + 7
            parts.append(
                f'<text x="{_PAD + _MARKS}" y="{level:.1f}" fill="#7b8794">'
                f"and {each.left_out} more columns</text>"
            )
        parts.append("</g>")
    return parts


def _mark(x: float, level: float, text: str, colour: str) -> str:
    return (
        f'<text x="{x}" y="{level + 3.5:.1f}" font-size="10" font-weight="bold" fill="{colour}">'
        f"{text}</text>"
    )


def _line(way: list[tuple[Point, Point]], table: Table, key: ForeignKey) -> str:
    """A reference: a crow's foot where the many are, a bar where the one is, a circle for none."""
    (x, y), (out, _) = way[0]
    path = [f"M{x:.1f} {y:.1f} H{out:.1f}"]
    for (_, before), (after, then) in pairwise(way):
        if abs(before[0] - after[0]) < 0.5:
            first = second = before[0] + _LOOP
        else:
            first = second = (before[0] + after[0]) / 2
        path.append(
            f"C{first:.1f} {before[1]:.1f} {second:.1f} {after[1]:.1f} {after[0]:.1f} {after[1]:.1f}"
            f" H{then[0]:.1f}"
        )
    end_x, end_y = way[-1][1]
    outwards = 1 if out > x else -1
    backwards = 1 if way[-1][0][0] > end_x else -1
    marks = (
        _many(x, y, outwards) if key.cardinality == "many-to-one" else _one(x, y, outwards, True)
    )
    marks += _one(end_x, end_y, backwards, bool(key.nulls or key.orphans))
    own = f"{table.name}.{', '.join(key.columns)}"
    there = f"{key.ref_table}.{', '.join(key.ref_columns)}"
    return (
        f'<g class="reference"><title>{_text(f"{own} -> {there}")}</title>'
        f'<path class="line" d="{" ".join(path)}"/>{marks}</g>'
    )


def _many(x: float, y: float, way: int) -> str:
    tip = x + way * 9
    return (
        f'<path d="M{x:.1f} {y - 5:.1f} L{tip:.1f} {y:.1f} L{x:.1f} {y + 5:.1f}"/>'
        f'<circle cx="{tip + way * 3:.1f}" cy="{y:.1f}" r="3" fill="#ffffff"/>'
    )


def _one(x: float, y: float, way: int, may_be_none: bool) -> str:
    bar = f'<path d="M{x + way * 6:.1f} {y - 5:.1f} V{y + 5:.1f}"/>'
    if may_be_none:
        return bar + f'<circle cx="{x + way * 11:.1f}" cy="{y:.1f}" r="3" fill="#ffffff"/>'
    return bar + f'<path d="M{x + way * 10:.1f} {y - 5:.1f} V{y + 5:.1f}"/>'


def _legend(findings: Findings) -> list[str]:
    """What the colours mean, as far as they are used."""
    parts, x = [], _MARGIN
    roles = {table.role for table in findings.tables}
    for role, (colour, name) in _COLOURS.items():
        if role in roles:
            parts.append(
                f'<rect x="{x:.0f}" y="16" width="12" height="12" rx="3" fill="{colour}"/>'
                f'<text x="{x + 18:.0f}" y="26" fill="#52606d">{name}</text>'
            )
            x += 18 + _width(name) + 22
    return parts


def _cut(name: str) -> str:
    clean = shown(name)
    return clean if len(clean) <= _LONGEST_NAME else clean[: _LONGEST_NAME - 1] + "…"


def _width(text: str) -> float:
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return _LETTER * (len(text) + wide)


def _text(text: str) -> str:
    return escape(shown(text), quote=True)
