"""What got worse from one batch to the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.quality.history import history, worse
from controlplane.state.records import QualityResult

START = datetime(2026, 1, 1, tzinfo=UTC)


def result(batch: int, score: float | None, **changed: Any) -> QualityResult:
    """The result of a batch of orders."""
    values: dict[str, Any] = {
        "subject": "orders",
        "batch_id": batch,
        "rules": "r",
        "job_id": None,
        "source": "orders.csv",
        "loaded_at": START,
        "validated_at": START + timedelta(minutes=batch),
        "records": 10,
        "filtered": 0,
        "unreadable": 0,
        "bad": 0,
        "sample_size": None,
        "decision": "pass",
        "overall_score": score,
        "field_scores": {"email": score or 0.0},
        "dimensions": {"accuracy": score, "timeliness": None},
        "checks": [],
        "recommendations": [],
    }
    return QualityResult(**{**values, **changed})


def test_the_last_batch_is_compared_with_the_one_before() -> None:
    found = worse([result(3, 0.5), result(2, 0.9), result(1, 1.0)])
    assert [(each.what, each.before, each.batch_id) for each in found] == [
        ("accuracy", 2, 3),
        ("field email", 2, 3),
        ("overall", 2, 3),
    ]
    assert (found[0].score_before, found[0].score) == (0.9, 0.5)


def test_a_better_or_an_empty_or_a_sampled_batch_is_not_worse() -> None:
    assert worse([result(2, 1.0), result(1, 0.5)]) == []
    assert worse([result(2, None), result(1, 0.5)]) == []
    assert worse([result(2, 0.1, sample_size=1), result(1, 0.5)]) == []


def test_of_one_batch_the_last_validation_counts() -> None:
    found = history([result(1, 0.5, rules="new"), result(1, 1.0, rules="old")])
    assert [each.rules for each in found] == ["new"]
