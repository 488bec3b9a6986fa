"""Puts what customers say together: sentences on a few topics that mean good, bad or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlplane.demo.phrases import TOPICS, Phrases
from controlplane.demo.phrases.english import ENGLISH
from controlplane.demo.phrases.french import FRENCH
from controlplane.demo.phrases.german import GERMAN
from controlplane.demo.phrases.spanish import SPANISH

LANGUAGES: Mapping[str, Phrases] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}
LABELS = ("negative", "neutral", "positive")
NEGATIVE, NEUTRAL, POSITIVE = range(3)
# Random numbers that one text uses.
DRAWS = 12
_CLAUSE = 0.62


@dataclass(frozen=True)
class Voice:
    """A text and what it means: from -1, as bad as can be, to 1."""

    text: str
    label: str
    polarity: float
    topics: tuple[str, ...]


def say(language: str, label: int, draws: Sequence[float]) -> Voice:
    """A text of this meaning, chosen by `DRAWS` numbers from 0 to 1."""
    phrases = LANGUAGES[language]
    first = int(draws[0] * len(TOPICS))
    # Another topic, never the same.
    second = (first + 1 + int(draws[1] * (len(TOPICS) - 1))) % len(TOPICS)
    topics = [TOPICS[first], TOPICS[second]]
    if label == NEUTRAL:
        sentences, polarity, topics = _neutral(phrases, topics, draws)
    else:
        good = label == POSITIVE
        topics = topics[: 1 if draws[2] < 0.45 else 2]
        clauses = phrases.good if good else phrases.bad
        said = [
            _clause(phrases, clauses[topic], draws[4 + 2 * n], draws[5 + 2 * n])
            for n, topic in enumerate(topics)
        ]
        openers = phrases.good_openers if good else phrases.bad_openers
        closers = phrases.good_closers if good else phrases.bad_closers
        sentences = [text for text, _ in said]
        scores = [score for _, score in said]
        if draws[3] < 0.5:
            text, score = _clause(phrases, openers, draws[8], draws[9])
            sentences.insert(0, text)
            scores.append(score)
        if draws[10] < 0.35:
            sentences.append(closers[int(draws[10] / 0.35 * len(closers))])
        size = min(sum(scores) / len(scores) + 0.08 * (len(sentences) - 1), 1.0)
        polarity = size if good else -size
    mark = "!" if draws[11] < 0.12 and label != NEUTRAL else "."
    text = " ".join(f"{one[0].upper()}{one[1:]}{mark}" for one in sentences)
    # Some write as they type on a telephone.
    return Voice(
        text=text.lower() if 0.2 < draws[11] < 0.25 else text,
        label=LABELS[label],
        polarity=round(polarity, 2),
        topics=tuple(sorted(topics)),
    )  # fmt: skip


def _neutral(
    phrases: Phrases, topics: list[str], draws: Sequence[float]
) -> tuple[list[str], float, list[str]]:
    """Something good and something bad in one sentence, or nothing of either."""
    if draws[2] < 0.55:
        good, score = _clause(phrases, phrases.good[topics[0]], draws[4], draws[5])
        bad, loss = _clause(phrases, phrases.bad[topics[1]], draws[6], draws[7])
        but = phrases.but[int(draws[8] * len(phrases.but))]
        if draws[9] < 0.5:
            return [f"{good}, {but} {bad}"], (score - loss) / 3, topics
        return [f"{bad}, {but} {good}"], (score - loss) / 3, topics
    plain = phrases.plain[topics[0]]
    sentences = [plain[int(draws[4] * len(plain))]]
    if draws[3] < 0.7:
        openers = phrases.plain_openers
        sentences.insert(0, openers[int(draws[5] * len(openers))])
    return sentences, 0.0, topics[:1]


def _clause(
    phrases: Phrases, options: Sequence[str], which: float, degree: float
) -> tuple[str, float]:
    """A sentence, with a word that makes it stronger or weaker, and how much it says."""
    text = options[int(which * len(options))]
    if "{}" not in text:
        return text, _CLAUSE
    # Half of the time nothing is added.
    at = 0 if degree < 0.5 else 1 + int((degree - 0.5) * 2 * (len(phrases.degrees) - 1))
    word, factor = phrases.degrees[at]
    return text.format(word), _CLAUSE * factor
