"""What the words of feedback say, against what was planted in them: dbt cannot know that."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_sentiment_and_topics_are_those_that_were_planted(
    references: Callable[[str], Any],
) -> None:
    """Few texts are in the small warehouse, so that one or two of them may be misread."""
    reference = references("duckdb")
    with (reference.root.parent / "demo" / "truth" / "sentiment.csv").open(
        encoding="utf-8"
    ) as file:
        planted = {row["feedback_id"]: row for row in csv.DictReader(file)}
    found = reference.rows(
        "select source_feedback_id, sentiment_label, sentiment_score, categories"
        " from silver.ces_clean_feedback"
    )
    texts = [(planted[name], label, score, topics) for name, label, score, topics in found]
    assert len(texts) > 15
    right = sum(label == truth["label"] for truth, label, _, _ in texts)
    assert right / len(texts) >= 0.9
    # A good text is never taken for a bad one, nor the other way round.
    assert all({truth["label"], label} != {"positive", "negative"} for truth, label, _, _ in texts)
    assert all(float(score) * float(truth["polarity"]) >= -0.5 for truth, _, score, _ in texts)
    hits = sum(len(set(topics) & set(truth["topics"].split("|"))) for truth, _, _, topics in texts)
    assert hits / sum(len(topics) for *_, topics in texts) >= 0.8
    assert hits / sum(len(truth["topics"].split("|")) for truth, *_ in texts) >= 0.8
