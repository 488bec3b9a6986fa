"""The values that fields of specs hold: names, durations, sizes, cron expressions, time zones.

Each is an annotated type that Pydantic reads. A value that is refused raises `ValueError` with a
message for the person who wrote the spec.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from controlplane import naming

Scalar = str | int | float | bool | None

# --- text and names -------------------------------------------------------------------------------


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; give it a text or leave the field out")
    return text


def _with_letter(text: str) -> str:
    if not re.search("[a-z]", naming.snake_case(text)):
        raise ValueError(f"found '{text}', expected a name with at least one letter from a to z")
    return text


def table_name_fault(name: str) -> str | None:
    """Why `name` cannot name a table or a model; None where it can."""
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        return "names are lower-case letters, digits and underscores, and begin with a letter"
    if len(name) > naming.MAX_TABLE_NAME:
        return f"it has {len(name)} characters, and at most {naming.MAX_TABLE_NAME} are allowed"
    if name in naming.RESERVED:
        return "it is a word that SQL reserves"
    return None


def _model_title(text: str) -> str:
    """`text`, whose slug becomes the name of a model."""
    slug = naming.snake_case(_with_letter(text))
    if fault := table_name_fault(slug):
        raise ValueError(f"found '{text}', which becomes the name '{slug}': {fault}")
    return text


def _identifier(text: str) -> str:
    if fault := table_name_fault(text):
        slug = naming.snake_case(text)
        better = f". Did you mean '{slug}'?" if slug and not table_name_fault(slug) else ""
        raise ValueError(f"found '{text}': {fault}{better}")
    return text


Text = Annotated[str, AfterValidator(_not_blank)]
Name = Annotated[str, AfterValidator(_with_letter)]
ModelTitle = Annotated[str, AfterValidator(_model_title)]
Identifier = Annotated[
    str,
    AfterValidator(_identifier),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]*$",
            "maxLength": naming.MAX_TABLE_NAME,
        }
    ),
]

# --- durations, sizes and other amounts -----------------------------------------------------------

# A month counts 31 days and a year 366, so that nothing is dropped earlier than was asked.
DURATION_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 31 * 86400,
    "year": 366 * 86400,
}
SIZE_BYTES = {
    **{unit: 1000**power for power, unit in enumerate(("B", "KB", "MB", "GB", "TB", "PB"))},
    **{unit: 1024**power for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB", "PiB"), 1)},
}
RATE_BITS = {"bps": 1, "Kbps": 10**3, "Mbps": 10**6, "Gbps": 10**9, "Tbps": 10**12}
_DURATION = r"^\s*([0-9]+(?:\.[0-9]+)?)\s*(second|minute|hour|day|week|month|year)s?\s*$"
_SIZE = r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGTP]i?B|B)\s*$"
_RATE = r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?bps)\s*$"
_CORES = r"^\s*([0-9]+(?:\.[0-9]+)?)\s*cores?\s*$"


def _amount(value: Any, pattern: str, what: str) -> re.Match[str]:
    match = re.match(pattern, value, re.IGNORECASE) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"found {found(value)}, expected {what}")
    if float(match[1]) == 0:
        raise ValueError(f"found '{value}', expected more than zero")
    return match


def parse_duration(value: Any) -> timedelta:
    """A duration such as `5 minutes`, `1 hour`, `30 days` or `7 years`."""
    match = _amount(value, _DURATION, "a duration such as '5 minutes', '1 hour' or '7 years'")
    try:
        return timedelta(seconds=float(match[1]) * DURATION_SECONDS[match[2].lower()])
    except OverflowError:
        raise ValueError(f"found '{value}', which is longer than time can be counted") from None


def format_duration(duration: timedelta) -> str:
    """`duration` in the largest unit that it is a whole number of, such as `5 minutes`."""
    seconds = duration.total_seconds()
    for unit, length in reversed(DURATION_SECONDS.items()):
        if seconds % length == 0:
            count = int(seconds // length)
            return f"{count} {unit}" + ("" if count == 1 else "s")
    return f"{seconds} seconds"


def _parse_unit(value: Any, pattern: str, units: dict[str, int], what: str) -> int:
    match = _amount(value, pattern, what)
    by_lower_case = {unit.lower(): factor for unit, factor in units.items()}
    return int(float(match[1]) * by_lower_case[match[2].lower()])


def _format_unit(amount: int, units: dict[str, int]) -> str:
    fitting = [(factor, unit) for unit, factor in units.items() if amount % factor == 0]
    factor, unit = max(fitting)
    return f"{amount // factor}{unit}"


def parse_size(value: Any) -> int:
    """The bytes of a size such as `10TB` or `512 MiB`."""
    return _parse_unit(value, _SIZE, SIZE_BYTES, "a size such as '10TB', '2GB' or '512MiB'")


def format_size(size: int) -> str:
    """`size` in the largest unit that it is a whole number of, such as `10TB`."""
    return _format_unit(size, SIZE_BYTES)


def _parse_rate(value: Any) -> int:
    return _parse_unit(value, _RATE, RATE_BITS, "a rate such as '1Gbps' or '100Mbps'")


def _format_rate(rate: int) -> str:
    return _format_unit(rate, RATE_BITS)


def _parse_cores(value: Any) -> float:
    return float(_amount(value, _CORES, "a number of processor cores such as '8 cores'")[1])


def _format_cores(cores: float) -> str:
    return f"{cores:g} core" + ("" if cores == 1 else "s")


def _amount_schema(example: str) -> WithJsonSchema:
    # JSON Schema has no way to let upper and lower case be the same, so that units go unchecked.
    pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*[A-Za-z]+\s*$"
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


Duration = Annotated[
    timedelta,
    PlainValidator(parse_duration),
    PlainSerializer(format_duration),
    _amount_schema("5 minutes"),
]
Size = Annotated[
    int, PlainValidator(parse_size), PlainSerializer(format_size), _amount_schema("10TB")
]
Rate = Annotated[
    int, PlainValidator(_parse_rate), PlainSerializer(_format_rate), _amount_schema("1Gbps")
]
Cores = Annotated[
    float,
    PlainValidator(_parse_cores),
    PlainSerializer(_format_cores),
    _amount_schema("8 cores"),
]

# --- time -----------------------------------------------------------------------------------------


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"found {found(value)}, expected a date and time such as '2024-12-19T02:00:00Z'"
        ) from None


def _cron(text: str) -> str:
    from croniter import CroniterBadDateError, CroniterError, croniter

    try:
        if len(text.split()) != 5:
            raise CroniterError
        croniter(text, datetime(2024, 1, 1)).get_next()  # noqa: DTZ001 - any start will do
    except CroniterBadDateError:
        raise ValueError(f"found '{text}', which names a date that never comes") from None
    except (CroniterError, ValueError, KeyError, IndexError):
        raise ValueError(
            f"found '{text}', expected a cron expression of five fields (minute, hour, day of"
            " month, month, day of week) such as '0 2 * * *'"
        ) from None
    return text


def _time_zone(text: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones

        raise ValueError(
            f"found '{text}', expected an IANA time zone such as 'UTC' or 'Europe/Berlin'"
            f"{did_you_mean(text, sorted(available_timezones()))}"
        ) from None
    return text


RHYTHMS = ("hourly", "daily", "weekly", "monthly", "quarterly", "yearly")


def _rhythm(text: str) -> str:
    if text in RHYTHMS:
        return text
    if len(text.split()) == 5:
        return _cron(text)
    raise ValueError(
        f"found '{shortened(text)}', allowed: {', '.join(RHYTHMS)}, or a cron expression such as"
        f" '0 2 * * *'{did_you_mean(text, RHYTHMS)}"
    )


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Cron = Annotated[str, AfterValidator(_cron)]
Rhythm = Annotated[str, AfterValidator(_rhythm)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]

# --- words for messages ---------------------------------------------------------------------------


def found(value: Any) -> str:
    """A found value in words, short and without a password."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, dict):
        return "a block of fields"
    if isinstance(value, list):
        return "a list"
    return f"the text '{shortened(str(value))}'"


def shortened(text: str, length: int = 60) -> str:
    """`text` on one line, cut after `length` characters, without a password."""
    from controlplane.specs.secrets import redact_text

    line = " ".join(redact_text(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def did_you_mean(word: str, choices: Sequence[str]) -> str:
    """`. Did you mean 'x'?` with the closest of `choices`, or nothing where none is close."""
    near = closest(word, choices)
    return f". Did you mean '{near}'?" if near else ""


def closest(word: str, choices: Sequence[str]) -> str | None:
    """The one of `choices` that somebody who wrote `word` may have meant; None where none is."""
    import difflib

    by_lower_case = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), list(by_lower_case), n=1, cutoff=0.6)
    return by_lower_case[close[0]] if close else None
