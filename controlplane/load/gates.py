"""What stops a batch before it is committed, so that the warehouse keeps what it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from controlplane.errors import LoadError
from controlplane.load.ledger import ColumnSet, LedgerLine
from controlplane.load.reading import Reading
from controlplane.naming import RAW_SCHEMA
from controlplane.specs.etl import ErrorHandling
from controlplane.specs.source import SchemaDrift

# A delivery that replaces another is taken for a fault of the source when it has less than this
# share of the rows; small tables may shrink as they like.
COLLAPSE_SHARE = 0.5
COLLAPSE_FROM_ROWS = 100


class BatchSkipped(Exception):  # noqa: N818 - an outcome that the spec asks for, not an error
    """The batch is to be left out; nothing of it is kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Drift:
    """How a batch's columns differ from those that its raw table knows: raw name to title."""

    new: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)

    def notes(self, raw_table: str, policy: SchemaDrift) -> tuple[str, ...]:
        """What is to be done about drift that was accepted: models do not follow by themselves."""
        table = f"{RAW_SCHEMA}.{raw_table}"
        new = [
            f"{table} has the new column '{title}' ({name}): `databank generate --refresh` gives it"
            " to the models"
            for name, title in self.new.items()
        ]
        if policy == "discard":
            new = [
                f"the column '{title}', which {table} does not have, is left out"
                " (source_config.schema_drift is discard)"
                for title in self.new.values()
            ]
        gone = [
            f"{table} no longer gets the column '{title}' ({name}), which is null from now on:"
            " `databank generate --refresh` takes it from the models if the source has it nowhere"
            " any more"
            for name, title in self.gone.items()
        ]
        return (*new, *gone)


def find_drift(reading: Reading, known: Sequence[ColumnSet]) -> Drift:
    """What is new, and what is gone, beside all earlier batches of the raw table.

    A column is new if no batch had it. It is gone if every batch since the first that had it had
    it: one that came and went before may come and go again. The order of columns does not matter,
    because they are loaded by name.
    """
    if not known:
        return Drift()
    now = dict(zip(reading.columns, reading.titles, strict=True))
    titles: dict[str, str] = {}
    first: dict[str, int] = {}
    for each in sorted(known, key=lambda each: each.newest):
        for name, title in each.titles.items():
            titles[name] = title
            first[name] = min(each.oldest, first.get(name, each.oldest))
    gone = {
        name: title
        for name, title in titles.items()
        if name not in now
        and not any(each.newest > first[name] for each in known if name not in each.titles)
    }
    return Drift({name: title for name, title in now.items() if name not in titles}, gone)


def check_columns(
    source: str, previous: LedgerLine | None, drift: Drift, policy: SchemaDrift
) -> None:
    """Raises `LoadError` when columns are new or gone; `previous` is the raw table's last batch."""
    if previous is None or policy != "freeze" or not (drift.new or drift.gone):
        return
    changes = [f"no longer has {_listed(drift.gone.values())}"] if drift.gone else []
    changes += [f"now has {_listed(drift.new.values())}"] if drift.new else []
    raise LoadError(
        f"{source}: {' and '.join(changes)}, compared with batch {previous.batch_id} of"
        f" {previous.raw_table} ({previous.source}); nothing was loaded",
        hint="correct the source, or accept the change with --accept-drift: a missing column is"
        " then NULL, a new one is added; source_config.schema_drift settles it for good",
    )


def leave_out(source: str, reading: Reading, new: Iterable[str]) -> Reading:
    """The source without its new columns.

    Raises:
        LoadError: it has no other.
    """
    kept = reading.without(new)
    if not kept.columns:
        raise LoadError(
            f"{source}: none of its columns is one of the raw table's: {_listed(reading.titles)};"
            " nothing was loaded",
            hint="check whether the file belongs here: source_config.schema_drift is discard, which"
            " leaves new columns out",
        )
    return kept


def check_rejects(source: str, reading: Reading, handling: ErrorHandling) -> None:
    """Acts as the spec's error handling says when too many records could not be read.

    Raises:
        LoadError: `stop`.
        BatchSkipped: `skip`.
    """
    count, threshold = reading.rejected, handling.error_threshold
    if reading.rejects is None or count <= threshold or handling.error_action == "quarantine":
        return
    examples = "; ".join(
        f"line {reject.line_number}: {reject.reason}" for reject in reading.rejects.samples
    )
    if count > len(reading.rejects.samples):
        examples += "; …"
    records = "record" if count == 1 else "records"
    reason = (
        f"{source}: {count:,} {records} cannot be read, {threshold:,} tolerated"
        f" (error_handling.error_threshold): {examples}"
    )
    if handling.error_action == "skip":
        raise BatchSkipped(reason)
    raise LoadError(
        f"{reason}; nothing of it was loaded",
        hint="correct the source, raise error_threshold, or set error_action: quarantine to load"
        " the rest and keep these in raw._rejects",
    )


def check_size(
    source: str,
    previous: LedgerLine | None,
    loaded: int,
    *,
    replaces: bool,
    accept_empty: bool,
) -> None:
    """Raises `LoadError` when a delivery that replaces another is empty or has collapsed."""
    if not replaces or accept_empty:
        return
    hint = "correct the source, or accept it with --accept-empty"
    if loaded == 0:
        raise LoadError(
            f"{source}: has no records, and loading it would empty the table"
            " (target_config.load_strategy is replace); nothing was changed",
            hint=hint,
        )
    if previous is None or previous.rows_loaded < COLLAPSE_FROM_ROWS:
        return
    if loaded < previous.rows_loaded * COLLAPSE_SHARE:
        raise LoadError(
            f"{source}: has {loaded:,} records, less than half of the"
            f" {previous.rows_loaded:,} of batch {previous.batch_id}, which it would replace;"
            " nothing was changed",
            hint=hint,
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
