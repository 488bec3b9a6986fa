"""Rejects are read again once the spec was mended: each becomes a record once, in its own batch."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from controlplane.errors import ConfigError
from controlplane.load.replay import replay_rejects
from controlplane.load.results import ReplayResult

QUARANTINE = {"error_action": "quarantine"}
HALF = 'id,name,note\n1,"a \\" b",x\n2,good,y\n3,"c \\" d",z\n4,too few\n5,good,w\n'
REPLAYER = """
import json, sys
from datetime import datetime, timezone
from pathlib import Path
from controlplane.config import load_project
from controlplane.load import replay
from controlplane.specs.etl import EtlProcess
from controlplane.targets import open_target
replay.AT_ONCE = 300
project = load_project(Path(sys.argv[1]), target=sys.argv[2])
target = open_target(project.target)
print("ready", flush=True)
sys.stdin.readline()
result = replay.replay_rejects(
    EtlProcess.model_validate(json.loads(sys.argv[3])), project, target, job_id=None,
    now=lambda: datetime(2024, 1, 1, tzinfo=timezone.utc))
print(json.dumps([result.replayed, sum(result.remaining.values())]), flush=True)
"""


def replay(loading: Any, process: Any, **options: Any) -> ReplayResult:
    warehouse = loading.warehouse
    return replay_rejects(
        process, warehouse.project, warehouse.target, job_id="j", now=loading.now, **options
    )


def adds_up(loading: Any) -> None:
    """Every batch's counts are those of its rows and its rejects."""
    wrong = loading.warehouse.target.query(
        "select * from (select batch_id, rows_read, rows_loaded, rows_rejected,"
        " (select count(*) from raw.shop where _batch_id = batch_id) as loaded,"
        " (select count(distinct _row_number) from raw.shop where _batch_id = batch_id) as places,"
        " (select count(*) from raw._rejects r where r.batch_id = l.batch_id) as rejected"
        " from raw._loads l) as counted where rows_read <> rows_loaded + rows_rejected"
        " or rows_loaded <> loaded or loaded <> places or rows_rejected <> rejected"
    )
    assert wrong == []


def test_what_a_mended_format_can_read_goes_where_it_belongs(loading: Any) -> None:
    """An escape that nobody had named, in a file that is gone by now."""
    path = loading.warehouse.file("shop.csv", HALF)
    wrong = loading.csv("shop.csv", format={"escape": '"'}, error_handling=QUARANTINE)
    loading.load(wrong)
    assert loading.rows("id") == [("2",), ("5",)]
    path.unlink()
    mended = loading.csv(
        "shop.csv", format={"delimiter": ",", "escape": "\\"}, error_handling=QUARANTINE
    )
    before = loading.ledger("batch_id", "rows_read", "loaded_at", "fingerprint")
    tried = replay(loading, mended, dry_run=True)
    assert (tried.replayed, tried.remaining) == (2, {"has 2 fields, expected 3": 1})
    assert loading.rows("id") == [("2",), ("5",)]
    result = replay(loading, mended)
    assert (result.replayed, result.remaining) == (2, {"has 2 fields, expected 3": 1})
    assert loading.rows("_row_number", "id", "name", "note") == [
        (1, "1", 'a " b', "x"),
        (2, "2", "good", "y"),
        (3, "3", 'c " d', "z"),
        (5, "5", "good", "w"),
    ]
    assert [row[0] for row in loading.rows("distinct _batch_id, _row_number")] == [1] * 4
    assert loading.rejects("raw_text") == [("4,too few",)]
    assert loading.ledger("batch_id", "rows_read", "loaded_at", "fingerprint") == before
    assert loading.warehouse.target.query(
        "select replay_id, batch_id, rejects, rows_loaded, job_id from raw._replays"
    ) == [(1, 1, 2, 2, "j")]
    adds_up(loading)
    again = replay(loading, mended)
    assert (again.replayed, again.remaining) == (0, {"has 2 fields, expected 3": 1})
    assert len(loading.rows("id")) == 4
    loading.warehouse.file("shop.csv", HALF)
    assert loading.load(mended).unchanged_sources == 1


def test_what_is_not_sure_without_the_file_stays(loading: Any) -> None:
    path = loading.warehouse.file("shop.csv", HALF)
    loading.load(loading.csv("shop.csv", format={"escape": '"'}, error_handling=QUARANTINE))
    open_escape = loading.csv("shop.csv", format={"delimiter": ","})
    path.write_text("other\n")
    result = replay(loading, open_escape)
    assert result.replayed == 0
    assert any("does not name its escape" in why for why in result.remaining)
    result = replay(loading, loading.csv("shop.csv"))
    assert result.remaining == {
        "its file is gone or has changed, and the spec does not name its delimiter"
        " (source_config.format.delimiter)": 3
    }
    path.write_text(HALF)
    assert replay(loading, loading.csv("shop.csv")).replayed == 2
    adds_up(loading)


def test_bytes_that_were_no_text_are_read_from_the_file_or_stay(loading: Any) -> None:
    content = b"id,name\n1,Zo\xeb\n2,back\\xebslash\n3,\x81\n4,plain,\n"
    path = loading.warehouse.file("shop.csv", content)
    loading.load(loading.csv("shop.csv", error_handling=QUARANTINE))
    assert loading.rejects("raw_text") == [("1,Zo\\xeb",), ("3,\\x81",)]
    mended = loading.csv("shop.csv", format={"encoding": "cp1252", "delimiter": ","})
    path.write_bytes(content.replace(b"plain", b"ploin"))
    result = replay(loading, mended)
    assert result.remaining == {
        "holds bytes that are no text, and its file is gone or has changed": 2
    }
    path.write_bytes(content)
    result = replay(loading, mended)
    assert (result.replayed, result.remaining) == (1, {"is not valid cp1252": 1})
    assert loading.rows() == [("1", "Zoë"), ("2", "back\\xebslash"), ("4", "plain")]
    adds_up(loading)


def test_one_reject_may_be_several_records(loading: Any) -> None:
    """A quote that is none swallowed a line; further records come after all others."""
    path = loading.warehouse.file("shop.csv", 'id,name\n1,"pipe\n2",rod\n3,nail\n')
    loading.load(loading.csv("shop.csv", format={"quote": '"'}, error_handling=QUARANTINE))
    assert loading.rejects("raw_text") == [('1,"pipe\n2",rod',)]
    content = path.read_bytes()
    path.unlink()
    mended = loading.csv("shop.csv", format={"quote": "", "delimiter": ","})
    [why] = replay(loading, mended).remaining
    assert why.startswith("can be read in more than one way")
    path.write_bytes(content)
    result = replay(loading, mended)
    assert (result.replayed, result.batches[0].rows, loading.rejects()) == (1, 2, [])
    assert loading.rows("_row_number", "id", "name") == [
        (1, "1", '"pipe'),
        (2, "3", "nail"),
        (3, '2"', "rod"),
    ]
    assert loading.ledger() == [(1, "shop.csv", 3, 3, 0)]
    adds_up(loading)


def test_a_line_feed_is_data_where_carriage_returns_end_the_lines(loading: Any) -> None:
    path = loading.warehouse.file("shop.csv", b"id,text\r1,a\n2,b\r3,c\r")
    loading.load(loading.csv("shop.csv", error_handling=QUARANTINE))
    assert loading.rejects("raw_text") == [("1,a\n2,b",)]
    path.unlink()
    process = loading.csv("shop.csv", format={"delimiter": ",", "escape": '"'})
    [why] = replay(loading, process).remaining
    assert why.startswith("can be read in more than one way")


def test_a_line_that_begins_with_the_mark_of_unicode_keeps_it(loading: Any) -> None:
    loading.warehouse.file("shop.csv", '\ufeffid,name\n\ufeff1,"a \\" b"\n')
    loading.load(loading.csv("shop.csv", format={"escape": '"'}, error_handling=QUARANTINE))
    replay(loading, loading.csv("shop.csv", format={"escape": "\\"}))
    assert loading.rows() == [("\ufeff1", 'a " b')]


def test_columns_that_were_left_out_are_left_out_again(loading: Any) -> None:
    loading.warehouse.file("a.csv", "id,name\n1,a\n")
    settings: dict[str, Any] = {"schema_drift": "discard", "error_handling": QUARANTINE}
    loading.load(loading.csv("*.csv", format={"escape": '"'}, **settings))
    path = loading.warehouse.file("b.csv", 'new,id,name\n7,2,"x \\" y"\n8,3,z\n')
    loading.load(loading.csv("*.csv", format={"escape": '"'}, **settings))
    mended = loading.csv("*.csv", format={"escape": "\\", "delimiter": ","}, **settings)
    content = path.read_bytes()
    path.unlink()
    [why] = replay(loading, mended).remaining
    assert why.startswith("columns of its batch were left out")
    path.write_bytes(content)
    assert replay(loading, mended).replayed == 1
    assert loading.rows() == [("1", "a"), ("2", 'x " y'), ("3", "z")]
    adds_up(loading)


def test_lines_of_json_are_read_again(loading: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is rejected now may be read by a newer reader: it stands for one that is stricter."""
    from controlplane.load import json_records

    source = {"source_type": "jsonl", "path": "shop.jsonl"}
    process = loading.process(source_config=source, error_handling=QUARANTINE)
    lines = ['{"id": 1, "name": "a"}', '{"id": 2}', '{"id": 3, "name": "c"', '{"id": 4, "x": 1}']
    loading.warehouse.file("shop.jsonl", "\n".join(lines[:3]) + "\n")
    strict = json_records.parse_record

    def stricter(text: str) -> Any:
        return (None, "has no name") if "name" not in text else strict(text)

    monkeypatch.setattr(json_records, "parse_record", stricter)
    loading.load(process)
    monkeypatch.undo()
    assert [row[0] for row in loading.rejects("line_number")] == [2, 3]
    result = replay(loading, process)
    [why] = result.remaining
    assert (result.replayed, why.startswith("is not valid JSON")) == (1, True)
    assert loading.rows("_row_number", "id", "name") == [(1, "1", "a"), (2, "2", None)]
    adds_up(loading)


def test_notes_cut_texts_and_other_kinds_of_sources_are_not_replayed(loading: Any) -> None:
    loading.warehouse.file("shop.csv", "id\n1\n")
    process = loading.csv("shop.csv", format={"delimiter": ","})
    loading.load(process)
    target = loading.warehouse.target
    with (
        target.load_session("test", loading.warehouse.project.ensure_state_dir()) as session,
        session.transaction(),
    ):
        for line, reason in enumerate(("stands above the table", "repeats the header"), start=1):
            session.query(
                "insert into raw._rejects select batch_id, process, raw_table, source, ?, 0, 'x',"
                " ?, loaded_at from raw._loads",
                (line, reason),
            )
        session.query("update raw._loads set rows_rejected = 2, rows_read = 3")
    result = replay(loading, process)
    assert (result.replayed, sum(result.remaining.values())) == (0, 2)
    with pytest.raises(ConfigError, match=r"batch 7 of raw\.shop has no reject"):
        replay(loading, process, batch=7)
    excel = loading.process(source_config={"source_type": "excel", "path": "a.xlsx"})
    with pytest.raises(ConfigError, match="rejects of source_type excel are not replayed"):
        replay(loading, excel)


def start(loading: Any, process: Any) -> subprocess.Popen[str]:
    """A process that has all its imports done and replays when it gets a line."""
    warehouse = loading.warehouse
    spec = process.model_dump_json(by_alias=True, exclude_unset=True)
    child = subprocess.Popen(
        [
            *(sys.executable, "-c", REPLAYER, str(warehouse.project.root)),
            *(warehouse.project.target.name, spec),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**warehouse.project.environment, "PYTHONPATH": os.fspath(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.communicate()[1]
    return child


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


@pytest.fixture
def many(loading: Any) -> tuple[Any, list[tuple[str, str]]]:
    """A spec that can read four thousand rejects of two files but one, and the rows there will be."""
    expected = []
    for number in range(2):
        rows = [(f"{number}{each:05}", f'say "{each}') for each in range(3000)]
        lines = [
            f'{key},"{text}"'.replace('y "', 'y \\"') if at % 3 else f"{key},plain"
            for at, (key, text) in enumerate(rows)
        ]
        expected += [(key, text if at % 3 else "plain") for at, (key, text) in enumerate(rows)]
        flaw = "broken\n" if number else ""
        loading.warehouse.file(f"data/{number}.csv", "id,name\n" + "\n".join(lines) + "\n" + flaw)
    wrong = loading.csv("data/*.csv", format={"escape": '"'}, error_handling=QUARANTINE)
    assert loading.load(wrong).rows_rejected == 4001
    mended = loading.csv("data/*.csv", format={"escape": "\\"}, error_handling=QUARANTINE)
    return mended, expected


@pytest.mark.parametrize("seed", range(2))
def test_a_replay_that_is_killed_and_run_again_moves_everything_once(
    loading: Any, many: Any, seed: int
) -> None:
    process, expected = many
    chance = random.Random(seed)
    for _ in range(4):
        child = start(loading, process)
        go(child)
        # The instant is what is random here; nothing is waited for.
        time.sleep(chance.random() * 0.6)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        adds_up(loading)
    child = start(loading, process)
    go(child)
    out, err = child.communicate(timeout=120)
    assert (child.returncode, json.loads(out)[1]) == (0, 1), err
    assert loading.rows("id", "name") == expected
    assert loading.rejects("raw_text") == [("broken",)]
    adds_up(loading)


def test_two_replays_at_once_move_everything_once(loading: Any, many: Any) -> None:
    process, expected = many
    children = [start(loading, process) for _ in range(2)]
    for child in children:
        go(child)
    done = [json.loads(child.communicate(timeout=120)[0]) for child in children]
    assert sum(replayed for replayed, _ in done) == 4000
    assert loading.rows("id", "name") == expected
    assert loading.rejects("raw_text") == [("broken",)]
    adds_up(loading)
