"""Places boxes in columns so that what belongs together stands side by side, and no two overlap.

A line that passes a column has a place of its own in it, as if it were a low box. Source of the idea:
Sugiyama, Tagawa, Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE
Transactions on Systems, Man, and Cybernetics 11(2), 1981; columns here are chosen for short lines and
an even shape instead of by direction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]

_ROW_GAP, _WAY = 28.0, 6.0
STUB = 18.0
_SWEEPS = 24
# What a line costs between boxes that are this many columns apart; the same column makes a loop.
_SAME, _NEXT, _FURTHER = 2.2, 1.0, 1.3


@dataclass(frozen=True)
class Box:
    """The size of a box."""

    width: float
    height: float


@dataclass(frozen=True)
class Link:
    """A line from one box to another, or to itself; its ends are so far below the tops of the boxes."""

    start: int
    start_y: float
    end: int
    end_y: float


@dataclass(frozen=True)
class Layout:
    """Where the upper left corners of the boxes are, and the ways of the lines.

    A way is a list of straight pieces, which curves connect; it begins and ends at the sides of its
    boxes.
    """

    corners: list[Point]
    ways: list[list[tuple[Point, Point]]]
    width: float
    height: float


@dataclass
class _Item:
    """Something in a column: a box, or the place of a line that passes."""

    height: float
    gap: float
    order: int
    y: float = 0.0


def arrange(boxes: Sequence[Box], links: Sequence[Link]) -> Layout:
    """Places for all boxes, in columns; those that nothing is linked to stand below."""
    linked = {each for link in links if link.start != link.end for each in (link.start, link.end)}
    alone = [index for index in range(len(boxes)) if index not in linked]
    column_of = _columns(boxes, links, sorted(linked))
    columns: list[list[_Item]] = [[] for _ in range(max(column_of.values(), default=-1) + 1)]
    items = {}
    for order, index in enumerate(column_of):
        items[index] = _Item(boxes[index].height, _ROW_GAP, order)
        columns[column_of[index]].append(items[index])
    chains = _chains(links, column_of, items, columns)
    _settle(columns, chains)
    lefts, rights, width = _across(boxes, links, column_of, len(columns))
    corners: list[Point] = [(0.0, 0.0)] * len(boxes)
    top = min((item.y for column in columns for item in column), default=0.0)
    bottom = max((item.y + item.height for column in columns for item in column), default=top)
    for column in columns:
        for item in column:
            item.y -= top
    for index, item in items.items():
        middle = (lefts[column_of[index]] + rights[column_of[index]]) / 2
        corners[index] = (middle - boxes[index].width / 2, item.y)
    width, height = _below(boxes, alone, corners, max(width, 900.0), bottom - top)
    ways = [
        _way(number, link, boxes, corners, column_of, chains.get(number, ()), (lefts, rights))
        for number, link in enumerate(links)
    ]
    right = max((x for way in ways for piece in way for x, _ in piece), default=0.0) + 60
    used = max((corners[i][0] + box.width for i, box in enumerate(boxes)), default=0.0)
    return Layout(corners, ways, max(used, right if links else 0.0), height)


def _columns(boxes: Sequence[Box], links: Sequence[Link], linked: Sequence[int]) -> dict[int, int]:
    """The column of each linked box: one after the other where its lines are short and there is room."""
    near: dict[int, list[int]] = {index: [] for index in linked}
    for link in links:
        if link.start != link.end:
            near[link.start].append(link.end)
            near[link.end].append(link.start)
    area = sum((boxes[i].width + 120) * (boxes[i].height + _ROW_GAP) for i in linked)
    limit = max([math.sqrt(area * 0.7), *(boxes[i].height for i in linked)], default=1.0)
    chosen: dict[int, int] = {}
    filled: dict[int, float] = {}

    def cost(index: int, column: int) -> float:
        apart = [abs(column - chosen[other]) for other in near[index] if other in chosen]
        lines = sum(_SAME if d == 0 else _NEXT + _FURTHER * (d - 1) for d in apart)
        over = filled.get(column, 0.0) + boxes[index].height - limit
        return lines + 6 * max(0.0, over / limit) + 0.01 * abs(column)

    def put(index: int) -> None:
        # A new column may be opened on either side.
        options = range(min(filled, default=0) - 1, max(filled, default=0) + 2)
        best = min(options, key=lambda column: (cost(index, column), abs(column), column))
        chosen[index] = best
        filled[best] = filled.get(best, 0.0) + boxes[index].height + _ROW_GAP

    for index in _by_nearness(near):
        put(index)
    for _ in range(4):
        for index in list(chosen):
            column = chosen.pop(index)
            filled[column] -= boxes[index].height + _ROW_GAP
            if filled[column] <= 0:
                del filled[column]
            put(index)
    places = {column: place for place, column in enumerate(sorted(set(chosen.values())))}
    return {index: places[chosen[index]] for index in sorted(chosen)}


def _by_nearness(near: dict[int, list[int]]) -> list[int]:
    """The boxes from the one with most lines outwards, one connected part after the other."""
    left = sorted(near, key=lambda index: (-len(near[index]), index))
    found: dict[int, None] = {}
    for first in left:
        queue = [first]
        while queue:
            index = queue.pop(0)
            if index in found:
                continue
            found[index] = None
            queue += sorted(set(near[index]) - set(found), key=lambda i: (-len(near[i]), i))
    return list(found)


_Chain = list[tuple[_Item, float]]


def _chains(
    links: Sequence[Link],
    column_of: dict[int, int],
    items: dict[int, _Item],
    columns: list[list[_Item]],
) -> dict[int, _Chain]:
    """For each line the places that it goes through, from its first box to its last."""
    found = {}
    for number, link in enumerate(links):
        if link.start == link.end:
            continue
        first, last = column_of[link.start], column_of[link.end]
        step = 1 if last > first else -1
        chain = [(items[link.start], link.start_y)]
        for column in range(first + step, last, step) if first != last else ():
            item = _Item(_WAY, _WAY, len(items) + number)
            columns[column].append(item)
            chain.append((item, _WAY / 2))
        found[number] = [*chain, (items[link.end], link.end_y)]
    return found


def _settle(columns: list[list[_Item]], chains: dict[int, _Chain]) -> None:
    """Order each column and place what is in it so that lines are as level as there is room for."""
    wishes: dict[int, list[tuple[float, _Item, float]]] = {}
    for chain in chains.values():
        for (one, at), (other, there) in pairwise(chain):
            wishes.setdefault(id(one), []).append((at, other, there))
            wishes.setdefault(id(other), []).append((there, one, at))
    for column in columns:
        y = -sum(item.height + item.gap for item in column) / 2
        for item in column:
            item.y = y
            y += item.height + item.gap
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {}
            for item in column:
                levels = [other.y + there - at for at, other, there in wishes.get(id(item), ())]
                wanted[id(item)] = sum(levels) / len(levels) if levels else item.y
            if sweep < _SWEEPS - 4:
                column.sort(key=lambda item: (wanted[id(item)] + item.height / 2, item.order))
            _place(column, [wanted[id(item)] for item in column])


def _place(column: list[_Item], wanted: Sequence[float]) -> None:
    """Put the items as near as possible to where they are wanted, in their order, without overlap.

    Least squares under an order, by pooling neighbours that are in each other's way.
    """
    offsets, offset = [], 0.0
    for item, following in zip(column, [*column[1:], None], strict=True):
        offsets.append(offset)
        gap = max(item.gap, following.gap) if following is not None else 0.0
        offset += item.height + gap
    pools: list[tuple[float, int]] = []
    for wish, before in zip(wanted, offsets, strict=True):
        mean, size = wish - before, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean = (mean * size + other * count) / (size + count)
            size += count
        pools.append((mean, size))
    level = [mean for mean, size in pools for _ in range(size)]
    for item, base, before in zip(column, level, offsets, strict=True):
        item.y = base + before


def _across(
    boxes: Sequence[Box], links: Sequence[Link], column_of: dict[int, int], count: int
) -> tuple[list[float], list[float], float]:
    """The left and right sides of the columns; the more lines between two, the wider the gap."""
    widths = [0.0] * count
    for index, column in column_of.items():
        widths[column] = max(widths[column], boxes[index].width)
    lines = [0] * count
    for link in links:
        if link.start == link.end:
            continue
        first, last = sorted((column_of[link.start], column_of[link.end]))
        for column in range(first, max(last, first + 1)):
            lines[column] += 1
    lefts, rights, x = [], [], 0.0
    for column in range(count):
        lefts.append(x)
        rights.append(x + widths[column])
        x += widths[column] + 2 * STUB + 50 + min(4.0 * lines[column], 120.0)
    return lefts, rights, rights[-1] if rights else 0.0


def _below(
    boxes: Sequence[Box], alone: Sequence[int], corners: list[Point], width: float, bottom: float
) -> tuple[float, float]:
    """Place the boxes without lines in rows below the others; the width and height of it all."""
    x, y, row = 0.0, bottom + 2 * _ROW_GAP if bottom else 0.0, 0.0
    for index in alone:
        box = boxes[index]
        if x and x + box.width > width:
            x, y, row = 0.0, y + row + _ROW_GAP, 0.0
        corners[index] = (x, y)
        x += box.width + 2 * STUB + 50
        row = max(row, box.height)
    return width, y + row if alone else bottom


def _way(
    number: int,
    link: Link,
    boxes: Sequence[Box],
    corners: Sequence[Point],
    column_of: dict[int, int],
    chain: Sequence[tuple[_Item, float]],
    sides: tuple[list[float], list[float]],
) -> list[tuple[Point, Point]]:
    """The straight pieces of a line: out of a box, through its places in columns, into a box."""
    lefts, rights = sides
    start_y = corners[link.start][1] + link.start_y
    end_y = corners[link.end][1] + link.end_y
    start_right = corners[link.start][0] + boxes[link.start].width
    end_right = corners[link.end][0] + boxes[link.end].width
    first, last = column_of.get(link.start), column_of.get(link.end)
    if first == last or first is None or last is None:
        x = max(start_right, end_right) if first is None else rights[first]
        x += STUB + number % 4
        return [((start_right, start_y), (x, start_y)), ((x, end_y), (end_right, end_y))]
    rightwards = last > first
    here = start_right if rightwards else corners[link.start][0]
    there = corners[link.end][0] if rightwards else end_right
    out, into = (rights, lefts) if rightwards else (lefts, rights)
    stub = STUB if rightwards else -STUB
    pieces = [((here, start_y), (out[first] + stub, start_y))]
    step = 1 if rightwards else -1
    for column, (item, at) in zip(range(first + step, last, step), chain[1:-1], strict=True):
        y = item.y + at
        pieces.append(((into[column] - stub, y), (out[column] + stub, y)))
    pieces.append(((into[last] - stub, end_y), (there, end_y)))
    return pieces
