"""What was planted, and where: the answers that nobody may look at before the exam."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from controlplane.demo.deliver import Extract, FileTotals, Sending
from controlplane.demo.lines import csv_text
from controlplane.demo.scope import Scope
from controlplane.demo.streams import Ints

FOLDER = "truth"
HEADERS: Mapping[str, Sequence[str]] = {
    "duplicates": ("source", "record", "first_file", "again_file"),
    "customer_matches": ("customer_id", "same_as", "kind"),
    "invalid_values": ("source", "file", "record", "field", "kind"),
    "date_formats": ("source", "file", "record", "field", "format"),
    "orphans": ("source", "file", "record", "field", "value"),
    "late_records": ("source", "file", "record", "occurred_at", "sent_at", "expected_file"),
    "anomalies": (
        "anomaly_id", "kind", "entity", "entity_id", "starts_at", "ends_at", "factor", "description",
    ),
    "anomaly_records": ("anomaly_id", "source", "record"),
    "churn": ("customer_id", "churned_on", "satisfaction", "engagement"),
    "sentiment": (
        "feedback_id", "source", "label", "polarity", "topics", "language", "rating_agrees",
    ),
    "expected_sales": (
        "date", "expected", "year", "week", "trend", "demand", "anomaly", "noise",
    ),
    "companions": ("product_id", "companion_id"),
    "files": ("source", "file", "first_date", "last_date", "records", "bytes", "sums"),
}  # fmt: skip


class Truth:
    """Collects the rows of each file of the truth, and writes them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in HEADERS}
        self.seasonality: dict[str, Any] = {}

    def add(self, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows to one file, each with the columns of `HEADERS`."""
        self._rows[name] += rows

    def add_sending(
        self,
        extract: Extract,
        sending: Sending,
        made: Ints,
        keys: Callable[[Ints], Sequence[str]],
    ) -> None:
        """Tell which records of a source came twice, and which came after their delivery."""
        scope, source = self._scope, extract.source
        first = extract.files_of(scope, sending.sent[sending.again])
        again = extract.files_of(scope, sending.again_at)
        named = keys(sending.again)
        self.add("duplicates", zip([source] * len(named), named, first, again, strict=True))
        at = sending.sent[sending.late]
        files = extract.files_of(scope, at)
        expected = extract.files_of(scope, made[sending.late])
        self.add(
            "late_records",
            (
                (source, file, key, self._text(was), self._text(sent), due)
                for file, key, was, sent, due in zip(
                    files,
                    keys(sending.late),
                    made[sending.late].tolist(),
                    at.tolist(),
                    expected,
                    strict=True,
                )
                if file != due
            ),
        )

    def add_faults(
        self,
        name: str,
        extract: Extract,
        sending: Sending,
        keys: Callable[[Ints], Sequence[str]],
        faults: Iterable[tuple[Ints, str, str]],
    ) -> None:
        """Tell which records have a wrong field: the records, the field, and what is wrong."""
        for records, column, what in faults:
            files = extract.files_of(self._scope, sending.sent[records])
            self.add(
                name,
                (
                    (extract.source, file, key, column, what)
                    for file, key in zip(files, keys(records), strict=True)
                ),
            )

    def add_files(self, totals: Iterable[FileTotals]) -> None:
        """Tell what files hold."""
        self.add(
            "files",
            (
                (
                    one.source,
                    one.file,
                    self._scope.date_of(one.first_day),
                    self._scope.date_of(one.last_day),
                    one.records,
                    one.size,
                    json.dumps(dict(one.sums)),
                )
                for one in totals
            ),
        )

    def write(self, folder: Path) -> list[str]:
        """Write everything; the names of the files, relative to `folder`."""
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        written = []
        for name, header in HEADERS.items():
            rows = [header, *self._rows[name]]
            text = "".join(
                ",".join("" if cell is None else csv_text(str(cell)) for cell in row) + "\n"
                for row in rows
            )
            written.append(f"{FOLDER}/{name}.csv")
            (folder / written[-1]).write_bytes(text.encode())
        written.append(f"{FOLDER}/seasonality.json")
        document = json.dumps(self.seasonality, indent=2) + "\n"
        (folder / written[-1]).write_bytes(document.encode())
        return written

    def _text(self, second: int) -> str:
        day, rest = divmod(second, 86_400)
        hour, minute = divmod(rest // 60, 60)
        return f"{self._scope.date_of(day)}T{hour:02d}:{minute:02d}:{rest % 60:02d}Z"
