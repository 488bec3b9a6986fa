"""Texts are made of sentences that mean what the truth says they mean."""

from __future__ import annotations

import re

import pytest

from controlplane.demo.phrases import TOPICS, Phrases
from controlplane.demo.streams import Stream
from controlplane.demo.voices import (
    DRAWS,
    LANGUAGES,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    Voice,
    say,
)


def spoken(language: str, label: int, count: int = 300) -> list[Voice]:
    draws = Stream(5, f"{language}{label}").uniform(count * DRAWS).reshape(count, DRAWS).tolist()
    return [say(language, label, one) for one in draws]


def sentences(phrases: Phrases, voice: Voice) -> list[str]:
    """The sentences of a text, those that are joined by a word as two."""
    joints = "|".join(f", {re.escape(word)} " for word in phrases.but)
    return [part for part in re.split(rf"[.!] ?|{joints}", voice.text) if part]


def says(phrases: Phrases, voice: Voice, shapes: list[re.Pattern[str]]) -> bool:
    """Whether one of the sentences has one of the shapes."""
    return any(s.fullmatch(part) for part in sentences(phrases, voice) for s in shapes)


def shapes(phrases: Phrases, *, good: bool) -> list[re.Pattern[str]]:
    """The sentences of one meaning, each with any word or none where a degree may stand."""
    by_topic = phrases.good if good else phrases.bad
    openers = phrases.good_openers if good else phrases.bad_openers
    words = "|".join(re.escape(word) for word, _ in phrases.degrees)
    every = [*openers, *(text for texts in by_topic.values() for text in texts)]
    return [
        re.compile(re.escape(text).replace(r"\{\}", f"({words})"), re.IGNORECASE) for text in every
    ]


def test_there_are_several_hundred_sentences_and_none_is_good_and_bad() -> None:
    assert sum(phrases.count() for phrases in LANGUAGES.values()) > 400
    for phrases in LANGUAGES.values():
        for texts in (phrases.good, phrases.bad, phrases.plain):
            assert tuple(texts) == TOPICS
        good = {text for texts in phrases.good.values() for text in texts}
        bad = {text for texts in phrases.bad.values() for text in texts}
        assert len(good) == len(bad) == 40
        assert not good & bad


@pytest.mark.parametrize("language", LANGUAGES)
def test_good_texts_say_good_things_and_bad_texts_bad_ones(language: str) -> None:
    phrases = LANGUAGES[language]
    good, bad = (shapes(phrases, good=one) for one in (True, False))
    for label, has, has_not in ((POSITIVE, good, bad), (NEGATIVE, bad, good)):
        for voice in spoken(language, label):
            assert says(phrases, voice, has), voice
            assert not says(phrases, voice, has_not), voice
            assert (voice.polarity > 0.3) == (label == POSITIVE)
            assert 0.3 < abs(voice.polarity) <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_neutral_texts_say_both_or_neither(language: str) -> None:
    phrases = LANGUAGES[language]
    good, bad = (shapes(phrases, good=one) for one in (True, False))
    for voice in spoken(language, NEUTRAL):
        assert says(phrases, voice, good) == says(phrases, voice, bad), voice
        assert abs(voice.polarity) < 0.2


def test_stronger_words_count_for_more() -> None:
    weak = say("en", NEGATIVE, [0, 0, 0, 0.9, 0, 0.0, *[0.9] * 6])
    strong = say("en", NEGATIVE, [0, 0, 0, 0.9, 0, 0.8, *[0.9] * 6])
    assert weak.text == "The parcel came late."
    assert strong.text == "The parcel came extremely late."
    assert strong.polarity < weak.polarity < 0
    assert weak.topics == strong.topics == ("delivery",)
