"""What `databank discover --quality` says of a table as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controlplane.discover.quality_scores import Against, TableQuality


def quality_lines(quality: TableQuality) -> list[str]:
    """The scores of a table, and a line for each reason against a column."""
    from controlplane.cli.output import table as aligned

    time = quality.timeliness
    scores = [f"{name} {_shown(score.score)}" for name, score in quality.scores.items()]
    scores.append(f"timeliness {_shown(time.score if time else None)}")
    lines = [f"  quality     {', '.join(scores)}"]
    if time is not None:
        lines.append(
            f"  newest      {time.newest:%Y-%m-%d %H:%M} in {time.column},"
            f" {time.age_days:,.0f} days ago; days with rows are {time.interval_days:,.1f} days apart"
        )
    rows = [
        (column.name, name, _shown(score.score), one.rows, one.reason, _examples(one))
        for column in quality.columns
        for name, score in column.scores.items()
        for one in score.against
    ]
    if time is not None:
        rows += [
            (time.column, "timeliness", _shown(time.score), one.rows, one.reason, _examples(one))
            for one in time.against
        ]
    rows += [
        (
            "(all)",
            "uniqueness",
            _shown(quality.uniqueness.score),
            one.rows,
            one.reason,
            _examples(one),
        )
        for one in quality.uniqueness.against
        if all(not column.uniqueness.against for column in quality.columns)
    ]
    if rows:
        header = ("column", "score of", "score", "rows", "against it", "such as row")
        lines += ["  " + line for line in aligned(header, rows).splitlines()]
    return lines


def _examples(against: Against) -> str:
    return ", ".join(
        str(each.row) if each.value is None else f"{each.row} {each.value!r}"
        for each in against.examples
    )


def _shown(score: float | None) -> str:
    """Two digits; 1.00 is nothing but 1."""
    if score is None:
        return "-"
    return f"{1.0 if score == 1 else min(score, 0.99):.2f}"
