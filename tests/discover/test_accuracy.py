"""How right keys and references are on databases of which the truth is known."""

from __future__ import annotations

import pytest

from tests.discover.accuracy import DATA, Score, scores

SMALL = ("chinook", "employees", "jaffle_shop", "northwind", "pubs", "sakila")
NONE = Score(0, 0, 0)


@pytest.mark.skipif(not DATA.is_dir(), reason="the open databases lie beside the project")
def test_keys_and_references_are_right_as_often_as_is_said() -> None:
    found = [scores(name) for name in SMALL]
    keys = {way: sum((each[way][0] for each in found), NONE) for way in found[0]}
    references = {way: sum((each[way][1] for each in found), NONE) for way in found[0]}
    assert keys["names"].f1 >= 0.95
    assert references["names"].f1 >= 0.98
    assert keys["no names"].f1 >= 0.90
    assert references["no names"].f1 >= 0.80


def test_a_score_is_precision_recall_and_their_mean() -> None:
    score = Score(right=3, given=4, wanted=6)
    assert (score.precision, score.recall) == (0.75, 0.5)
    assert score.f1 == pytest.approx(0.6)
    assert (score + Score(1, 1, 1)).f1 == pytest.approx(2 * 0.8 * 4 / 7 / (0.8 + 4 / 7))
