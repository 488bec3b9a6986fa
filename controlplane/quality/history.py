"""How scores went from batch to batch, and what got worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.state.records import QualityResult

# Smaller differences are noise.
_NOTICED = 0.001


@dataclass(frozen=True)
class Worse:
    """A score that fell from one batch to the next."""

    subject: str
    batch_id: int
    before: int
    what: str
    score_before: float
    score: float


def history(results: Sequence[QualityResult]) -> list[QualityResult]:
    """One result a batch, by whichever rules it was judged last; newest first within a subject."""
    found: dict[tuple[str, int], QualityResult] = {}
    for each in results:  # the last that was validated comes first
        found.setdefault((each.subject, each.batch_id), each)
    return sorted(found.values(), key=lambda each: (each.subject, -each.batch_id))


def worse(results: Sequence[QualityResult]) -> list[Worse]:
    """What fell from the last batch but one of each subject to its last, most first."""
    by_subject: dict[str, list[QualityResult]] = {}
    for each in history(results):
        if each.overall_score is not None and each.sample_size is None:
            by_subject.setdefault(each.subject, []).append(each)
    found = []
    for subject, listed in by_subject.items():
        if len(listed) < 2:
            continue
        now, before = listed[0], listed[1]
        scores = _scores(before)
        found += [
            Worse(subject, now.batch_id, before.batch_id, what, scores[what], score)
            for what, score in _scores(now).items()
            if what in scores and score < scores[what] - _NOTICED
        ]
    return sorted(found, key=lambda each: (each.score - each.score_before, each.subject, each.what))


def _scores(result: QualityResult) -> dict[str, float]:
    """Everything that has a score: the whole, the dimensions, the fields."""
    named = {"overall": result.overall_score, **result.dimensions}
    fields = {f"field {name}": score for name, score in result.field_scores.items()}
    return {**{name: score for name, score in named.items() if score is not None}, **fields}
