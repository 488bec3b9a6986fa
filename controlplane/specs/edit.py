"""Changes single fields in the text of a spec, and leaves every other character as it was.

The text is composed anew for each change, and the change is made at the place that a node has in it:
comments, order, quotes and blank lines of a person stay. JSON is edited as the YAML that it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import yaml

from controlplane.specs.write import flow_text

Path = Sequence[str | int]


class SpecText:
    """The text of a spec while it is changed. Paths name fields and places in lists."""

    def __init__(self, text: str, *, is_json: bool = False) -> None:
        self._mark = "\ufeff" if text.startswith("\ufeff") else ""
        self._text = text.removeprefix("\ufeff")
        self._is_json = is_json
        self._end = "\r\n" if "\r\n" in text else "\n"

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._mark + self._text

    def replace(self, path: Path, value: str) -> None:
        """Give a field another text."""
        node = self._node(path)
        self._splice(node.start_mark.index, self._content_end(node), self._flow(value))

    def rename_within(self, path: Path, pattern: re.Pattern[str], new: str) -> None:
        """Replace what the pattern finds in the text of a field, as the field is written."""
        node = self._node(path)
        start, end = node.start_mark.index, self._content_end(node)
        self._splice(start, end, pattern.sub(new, self._text[start:end]))

    def revise(self, path: Path, changes: Sequence[tuple[int, int, str]]) -> None:
        """Change parts of a field's text, from and to which character; how it is written stays."""
        node = self._node(path)
        value: str = node.value
        start, end = node.start_mark.index, self._content_end(node)
        written, revised = self._text[start:end], value
        for begin, stop, new in sorted(changes, reverse=True):
            piece = value[begin:stop]
            revised = revised[:begin] + new + revised[stop:]
            # The same text as often before it as in the value: quotes and folded lines move it.
            place = -1
            for _ in range(value[:begin].count(piece) + 1):
                place = written.find(piece, place + 1)
                if place < 0:
                    break
            if place >= 0:
                written = written[:place] + new + written[place + len(piece) :]
        before = self._text
        self._splice(start, end, written)
        try:
            found = self._find(path)
        except yaml.YAMLError:
            found = None
        if not isinstance(found, yaml.ScalarNode) or found.value != revised:
            self._text = before
            self.replace(path, revised)

    def rename_key(self, path: Path, new: str) -> None:
        """Give the field itself another name."""
        for key, _ in self._node(path[:-1]).value:
            if key.value == path[-1]:
                self._splice(key.start_mark.index, key.end_mark.index, self._flow(new))
                return
        raise KeyError(path)

    def put(self, path: Path, key: str, value: Any) -> None:
        """Set a field of a block; the block is made where there is none, a field where it is new."""
        block = self._find(path)
        if block is None or (not block.value and path):
            self.put(path[:-1], str(path[-1]), {key: value})
            return
        found = self._find([*path, key])
        if found is not None:
            end = self._content_end(found)
            self._splice(found.start_mark.index, end, self._flow(value))
        elif block.flow_style:
            self._into_flow(block, f"{self._flow(key)}: {self._flow(value)}")
        else:
            column = block.value[0][0].start_mark.column
            self._insert_after(block, self._block(f"{self._flow(key)}:", value, column))

    def append(self, path: Path, value: Any) -> None:
        """Add an item to a list, which is made where there is none."""
        items = self._find(path)
        if items is None or (not items.value and not self._is_json):
            if items is not None:
                self._cut(path)
            self._put_list(path, value)
        elif items.flow_style:
            self._into_flow(items, self._flow(value))
        else:
            self._insert_after(items, self._item(value, items.start_mark.column))

    def insert(self, path: Path, value: Any) -> None:
        """Add an item before the others of a list, which is made where there is none."""
        items = self._find(path)
        if items is None or not items.value:
            self.append(path, value)
        elif items.flow_style:
            start = items.start_mark.index + 1
            self._splice(start, start, f"{self._flow(value)}, ")
        else:
            line = self._text.rfind("\n", 0, items.value[0].start_mark.index) + 1
            self._splice(line, line, self._item(value, items.start_mark.column) + self._end)

    def remove(self, path: Path) -> None:
        """Take out a field or an item, and a list or block that is empty without it."""
        parent = self._node(path[:-1])
        if len(parent.value) == 1 and len(path) > 1:
            self.remove(path[:-1])
        else:
            self._cut(path)

    def _put_list(self, path: Path, value: Any) -> None:
        block = self._find(path[:-1])
        key = str(path[-1])
        if isinstance(block, yaml.ScalarNode):
            self._cut(path[:-1])
            block = None
        if block is None:
            self._put_nested(path, value)
            return
        if block.flow_style:
            self._into_flow(block, f"{self._flow(key)}: {self._flow([value])}")
            return
        column = block.value[0][0].start_mark.column
        lines = [f"{' ' * column}{self._flow(key)}:", self._item(value, column + 2)]
        self._insert_after(block, self._end.join(lines))

    def _put_nested(self, path: Path, value: Any) -> None:
        """A list with the blocks around it, none of which is there."""
        known = next(n for n in range(len(path) - 2, -1, -1) if self._find(path[:n]) is not None)
        block = self._node(path[:known])
        names = [str(step) for step in path[known:]]
        if block.flow_style:
            nested: Any = [value]
            for name in reversed(names[1:]):
                nested = {name: nested}
            self._into_flow(block, f"{self._flow(names[0])}: {self._flow(nested)}")
            return
        column = block.value[0][0].start_mark.column
        lines = [
            f"{' ' * (column + 2 * depth)}{self._flow(name)}:" for depth, name in enumerate(names)
        ]
        lines.append(self._item(value, column + 2 * len(names)))
        self._insert_after(block, self._end.join(lines))

    def _cut(self, path: Path) -> None:
        parent, last = self._node(path[:-1]), path[-1]
        pairs = parent.value
        if isinstance(parent, yaml.MappingNode):
            index = next(i for i, (key, _) in enumerate(pairs) if key.value == last)
            spans = [(key.start_mark.index, self._content_end(value)) for key, value in pairs]
        else:
            index = int(last)
            spans = [(each.start_mark.index, self._content_end(each)) for each in pairs]
        start, end = spans[index]
        if parent.flow_style:
            if index + 1 < len(spans):
                self._splice(start, spans[index + 1][0], "")
            else:
                self._splice(spans[index - 1][1] if index else start, end, "")
            return
        line = self._text.rfind("\n", 0, start) + 1
        before = self._text[line:start]
        is_item = isinstance(parent, yaml.SequenceNode)
        if not is_item and before.strip():
            # The first field of an item stands behind its dash; the next one takes its place.
            self._splice(start, spans[index + 1][0], "")
        else:
            self._splice(line, self._line_end(end), "")

    def _node(self, path: Path) -> Any:
        node = self._find(path)
        if node is None:
            raise KeyError(path)
        return node

    def _find(self, path: Path) -> Any:
        node: Any = yaml.compose(self._text, Loader=yaml.SafeLoader)
        for step in path:
            if isinstance(step, int):
                listed = node.value if isinstance(node, yaml.SequenceNode) else []
                node = listed[step] if step < len(listed) else None
            else:
                pairs = node.value if isinstance(node, yaml.MappingNode) else []
                node = next((value for key, value in pairs if key.value == step), None)
            if node is None:
                return None
        return node

    def _content_end(self, node: Any) -> int:
        """Where the last character of a node is; the parser's end may lie behind comments."""
        if isinstance(node, yaml.ScalarNode) or node.flow_style:
            start, end = int(node.start_mark.index), int(node.end_mark.index)
            return start + len(self._text[start:end].rstrip())
        last = node.value[-1]
        if isinstance(last, tuple):
            return max(self._content_end(last[0]), self._content_end(last[1]))
        return self._content_end(last)

    def _line_end(self, position: int) -> int:
        """The beginning of the next line."""
        found = self._text.find("\n", position)
        return len(self._text) if found < 0 else found + 1

    def _insert_after(self, node: Any, lines: str) -> None:
        place = self._line_end(self._content_end(node))
        if place and not self._text[:place].endswith("\n"):
            lines = self._end + lines
        self._splice(place, place, lines + self._end)

    def _into_flow(self, node: Any, text: str) -> None:
        end = node.end_mark.index - 1
        inside = self._text[node.start_mark.index + 1 : end]
        filled = len(inside.rstrip())
        place = node.start_mark.index + 1 + filled
        comma = ", " if node.value and not inside.rstrip().endswith(",") else ""
        self._splice(place, place, comma + text)

    def _splice(self, start: int, end: int, text: str) -> None:
        self._text = self._text[:start] + text + self._text[end:]

    def _flow(self, value: Any) -> str:
        if self._is_json:
            return json.dumps(value, ensure_ascii=False)
        return flow_text(value)

    def _block(self, key: str, value: Any, column: int) -> str:
        return f"{' ' * column}{key} {self._flow(value)}"

    def _item(self, value: Any, column: int) -> str:
        """An item of a block list: a line for each of its fields."""
        if not isinstance(value, dict):
            return f"{' ' * column}- {self._flow(value)}"
        lines = [f"{self._flow(key)}: {self._flow(each)}" for key, each in value.items()]
        marks = ["- ", *["  "] * (len(lines) - 1)]
        return self._end.join(
            f"{' ' * column}{mark}{line}" for mark, line in zip(marks, lines, strict=True)
        )
