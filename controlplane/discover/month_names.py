"""The names of months by language, and the patterns that find them in a text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

# From January to December; other spellings of a month stand after a slash.
_NAMES: Mapping[str, str] = {
    "English": "january february march april may june july august september october november december",
    "German": "januar/jänner februar märz/maerz/mrz april mai juni juli august september"
    " oktober november dezember",
    "French": "janvier février/fevrier mars avril mai juin juillet août/aout septembre octobre"
    " novembre décembre/decembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre"
    " novembre dicembre",
    "Portuguese": "janeiro fevereiro março/marco abril maio junho julho agosto setembro outubro"
    " novembro dezembro",
    "Dutch": "januari februari maart/mrt april mei juni juli augustus september oktober november"
    " december",
    "Polish": "stycznia/styczeń lutego/luty marca/marzec kwietnia/kwiecień maja/maj czerwca/czerwiec"
    " lipca/lipiec sierpnia/sierpień września/wrzesień października/październik listopada/listopad"
    " grudnia/grudzień",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november"
    " december",
    "Russian": "января февраля марта апреля мая/май июня июля августа сентября октября ноября"
    " декабря",
}


@cache
def months_in(language: str) -> Mapping[str, int]:
    """The number of each name of a month and of each beginning of it that belongs to it alone.

    Beginnings have three or four letters.
    """
    found: dict[str, int] = {}
    for number, spellings in enumerate(_NAMES[language].split(), start=1):
        found |= dict.fromkeys(spellings.split("/"), number)
    shortened: dict[str, set[int]] = {}
    for name, number in found.items():
        for length in (3, 4):
            shortened.setdefault(name[:length], set()).add(number)
    for name, numbers in shortened.items():
        if len(numbers) == 1:
            found.setdefault(name, *numbers)
    return found


def month_patterns(words: Collection[str]) -> list[str]:
    """A regular expression for each month, in the languages that have all of the words.

    Of the languages that have some, where none has all; English where there are no words. Letters
    beyond a to z are matched in either case, all others in lower case.
    """
    languages = [name for name in _NAMES if months_in(name).keys() >= set(words)]
    languages = languages or [
        name for name in _NAMES if not months_in(name).keys().isdisjoint(words)
    ]
    languages = languages if words and languages else ["English"]
    return [
        "|".join(
            _in_either_case(name)
            for name in sorted(
                {name for each in languages for name, n in months_in(each).items() if n == number}
            )
        )
        for number in range(1, 13)
    ]


def _in_either_case(name: str) -> str:
    """PostgreSQL knows the capitals of other scripts only if the database's language has them."""
    return "".join(c if c.isascii() else f"[{c}{c.upper()}]" for c in name)
