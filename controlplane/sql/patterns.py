"""Regular expressions that mean the same to RE2 (DuckDB) and to PostgreSQL.

Both have the common core; around it, one lacks what the other has, or reads it in its own way: `\\b`
is a word boundary to one and a backspace to the other, `\\d` counts other scripts' digits only to
one. What can be written alike is rewritten, the rest is refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

from sqlglot import exp

from controlplane.sql.columns import ExpressionError

MAX_REPEAT = 255  # PostgreSQL's bound; RE2 allows more

_SHORTHANDS: Mapping[str, str] = {"d": "0-9", "w": "A-Za-z0-9_", "s": r" \t\n\r\f\v"}
_CLASSES: Mapping[str, str] = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "A-Za-z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "xdigit": "0-9A-Fa-f",
    "space": _SHORTHANDS["s"],
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
}
_CONTROLS = "tnrfv"


class PatternError(ValueError):
    """A pattern cannot be used; the message goes on after the pattern's name."""


def portable_pattern(pattern: str) -> str:
    """`pattern` with the same meaning on every target.

    Raises:
        PatternError: it is no regular expression, or uses what one of the targets does not have.
    """
    if not pattern:
        raise PatternError("is empty; write a regular expression")
    if "\x00" in pattern:
        raise PatternError("has a character that no text can have")
    written = _Reader(pattern).read()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(written)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"is not a regular expression: {error}") from None
    return written


def standing_alone(pattern: str) -> str:
    """As `portable_pattern`, for a pattern that no macro helps: a point matches a line's end too."""
    written = portable_pattern(pattern)
    if "." not in re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "", written):
        return written
    return "(?is)" + written[4:] if written.startswith("(?i)") else "(?s)" + written


def with_portable_patterns(tree: exp.Expr) -> exp.Expr:
    """`tree`, changed in place: its regular expressions written so that every target reads them alike.

    Raises:
        ExpressionError: a pattern uses what one of the targets does not have.
    """

    def rewrite(node: exp.Expr) -> exp.Expr:
        if isinstance(node, (exp.RegexpLike, exp.RegexpILike, exp.RegexpReplace, exp.RegexpCount)):
            pattern = node.expression
            if isinstance(pattern, exp.Literal) and pattern.is_string:
                try:
                    written = standing_alone(str(pattern.this))
                except PatternError as error:
                    raise ExpressionError(f"the pattern '{pattern.this}' {error}") from None
                node.set("expression", exp.Literal.string(written))
        return node

    return tree.transform(rewrite, copy=False)


class _Reader:
    """Walks a pattern once, from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def read(self) -> str:
        parts = []
        if self.pattern.startswith("(?i)"):
            parts.append("(?i)")
            self.at = 4
        repeatable = False
        while self.at < len(self.pattern):
            here = self.pattern[self.at]
            if here == "\\":
                parts.append(self._escape())
                repeatable = True
            elif here == "[":
                parts.append(self._bracket())
                repeatable = True
            elif here in "*+?{":
                parts.append(self._repeat(repeatable=repeatable))
                repeatable = False
            else:
                if (
                    self.pattern.startswith("(?", self.at)
                    and self.pattern[self.at + 2 :][:1] != ":"
                ):
                    self._refuse(
                        f"'{self.pattern[self.at : self.at + 4]}'",
                        "look-arounds, named groups and options (but for (?i) at the very beginning)",
                    )
                opening = "(?:" if self.pattern.startswith("(?:", self.at) else here
                parts.append(opening)
                self.at += len(opening)
                repeatable = opening not in ("(", "(?:", "|", "^", "$")
        return "".join(parts)

    def _refuse(self, found: str, kind: str) -> None:
        raise PatternError(
            f"has {found}: {kind} do not mean the same on every target; write it without them"
        )

    def _next(self) -> str:
        self.at += 1
        if self.at >= len(self.pattern):
            raise PatternError("is not a regular expression: it ends with a backslash")
        return self.pattern[self.at]

    def _escape(self) -> str:
        letter = self._next()
        self.at += 1
        if letter.lower() in _SHORTHANDS:
            negated = "^" if letter.isupper() else ""
            return f"[{negated}{_SHORTHANDS[letter.lower()]}]"
        return self._plain_escape(letter)

    def _plain_escape(self, letter: str) -> str:
        # To PostgreSQL a third digit would belong to the number.
        number = re.match("[0-9a-fA-F]{2}(?![0-9a-fA-F])", self.pattern[self.at :])
        if letter == "x" and number and number[0] != "00":
            self.at += 2
            return rf"\x{number[0]}"
        if letter.isascii() and letter.isalnum() and letter not in _CONTROLS:
            self._refuse(
                f"'\\{letter}'", "back-references and escapes beyond \\d \\w \\s \\t \\n \\x07"
            )
        return f"\\{letter}" if letter.isascii() and not letter.isspace() else letter

    def _bracket(self) -> str:
        start = self.at
        parts = ["["]
        self.at += 1
        if self.pattern.startswith("^", self.at):
            parts.append("^")
            self.at += 1
        first = self.at
        while self.at < len(self.pattern):
            here = self.pattern[self.at]
            if here == "]" and self.at > first:
                self.at += 1
                return "".join([*parts, "]"])
            named = re.match(r"\[:(\^?)(\w+):\]", self.pattern[self.at :])
            if named:
                if named[1] or named[2] not in _CLASSES:
                    self._refuse(f"'{named[0]}'", "character classes of that name")
                parts.append(_CLASSES[named[2]])
                self.at += len(named[0])
            elif here == "[":
                if self.pattern[self.at + 1 :][:1] in ("=", "."):
                    self._refuse(f"'{self.pattern[self.at : self.at + 4]}'", "collating elements")
                parts.append(r"\[")
                self.at += 1
            elif here == "]":
                parts.append(r"\]")
                self.at += 1
            elif here == "\\":
                parts.append(self._escape_in_bracket())
            else:
                parts.append(here)
                self.at += 1
        raise PatternError(
            f"is not a regular expression: the bracket at character {start + 1} is not closed"
        )

    def _escape_in_bracket(self) -> str:
        letter = self._next()
        self.at += 1
        if letter in _SHORTHANDS:
            return _SHORTHANDS[letter]
        if letter.lower() in _SHORTHANDS:
            self._refuse(f"'\\{letter}' in brackets", "negated shorthands in brackets")
        return self._plain_escape(letter)

    def _repeat(self, *, repeatable: bool) -> str:
        matched = re.match(r"[*+?]\??|\{(\d+)(,(\d*))?\}\??", self.pattern[self.at :])
        if matched is None:
            raise PatternError(
                r"is not a regular expression: a brace that repeats nothing is written as \{"
            )
        if not repeatable:
            raise PatternError(
                f"is not a regular expression: '{matched[0]}' at character {self.at + 1} has"
                " nothing to repeat"
            )
        if any(int(bound) > MAX_REPEAT for bound in (matched[1], matched[3]) if bound):
            raise PatternError(f"repeats more than {MAX_REPEAT} times, which PostgreSQL does not")
        self.at += len(matched[0])
        return matched[0]
