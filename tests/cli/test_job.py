"""`databank job`: a question about an execution has an answer, a wrong one a clear error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from controlplane.__main__ import main
from controlplane.config import Project, load_project
from controlplane.errors import DbtError
from controlplane.jobs import track
from controlplane.state.owner import current_owner
from controlplane.state.records import BatchResult, JobStatus, NodeResult
from controlplane.state.store import Store, open_store

Databank = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A small project, in which the test stands."""
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n"
    )
    monkeypatch.chdir(tmp_path)
    for name in ("DATABANK_STATE_URL", "DATABANK_TARGET", "DBT_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    return load_project()


@pytest.fixture
def store(project: Project) -> Iterator[Store]:
    with open_store(project) as opened:
        yield opened


@pytest.fixture
def databank(capsys: pytest.CaptureFixture[str], project: Project) -> Databank:
    """Runs a command: its exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output = capsys.readouterr()
        return int(str(ended.value.code)), output.out, output.err

    return run


@pytest.fixture
def failed(store: Store, project: Project) -> str:
    """The id of a job that loaded a batch, built a model and failed in the next."""
    with suppress(DbtError), track(store, project, "run", "orders", {"names": ["orders"]}) as run:
        with run.attempt():
            run.log("info", "loading")
            run.record_batches([BatchResult("orders", "data/orders.csv", 3, 1000, 990, 10)])
            run.record_nodes(
                [
                    NodeResult("model.shop.a", "model", "bronze", "success", 0.25, 990),
                    NodeResult(
                        "model.shop.b",
                        "model",
                        "silver",
                        "error",
                        0.1,
                        None,
                        "no such column\nand more",
                        "attempt_1/compiled/b.sql",
                    ),
                ]
            )
            raise DbtError("model b did not build")
    return run.id


def test_jobs_are_listed_newest_first(databank: Databank, failed: str) -> None:
    code, out, err = databank("job", "list")
    assert (code, err) == (0, "")
    header, line = out.splitlines()
    assert header.split() == [
        "id",
        "type",
        "name",
        "status",
        "progress",
        "attempts",
        "created",
        "seconds",
    ]
    assert line.split()[:6] == [failed, "run", "orders", "failed", "0%", "1"]


def test_a_new_project_has_no_jobs_and_says_so(databank: Databank) -> None:
    assert databank("job", "list") == (0, "no jobs yet\n", "")
    assert json.loads(databank("job", "list", "-o", "json")[1]) == {"version": 1, "jobs": []}


def test_jobs_are_filtered_by_status_and_number(
    databank: Databank, store: Store, project: Project, failed: str
) -> None:
    for _ in range(3):
        with track(store, project, "run", "orders", {}):
            pass

    def ids(*arguments: str) -> list[str]:
        document = json.loads(databank("job", "list", "-o", "json", *arguments)[1])
        return [job["id"] for job in document["jobs"]]

    assert ids("--status", "failed") == [failed]
    assert len(ids("--status", "failed", "--status", "completed")) == 4
    assert len(ids("--limit", "2")) == 2


def test_show_tells_everything(databank: Databank, failed: str) -> None:
    code, out, err = databank("job", "show", failed)
    assert (code, err) == (0, "")
    for text in (
        "status    failed",
        "records   1,000 read, 990 loaded, 10 rejected, 990 written",
        "error     model b did not build",
        "see       attempt_1/compiled/b.sql",
        "data/orders.csv",
        "model  a     bronze  success",
        "no such column",
        "attempt_1",
        "log.jsonl",
    ):
        assert text in out
    assert "and more" not in out, "the table has the first line of a message"


def test_show_as_json_has_every_detail(databank: Databank, failed: str) -> None:
    job = json.loads(databank("job", "show", "last", "-o", "json")[1])["job"]
    assert (job["id"], job["status"], job["attempt_count"]) == (failed, "failed", 1)
    assert job["batches"][0]["rows_rejected"] == 10
    assert [(node["status"], node["seconds"], node["rows"]) for node in job["nodes"]] == [
        ("success", 0.25, 990),
        ("error", 0.1, None),
    ]
    assert job["nodes"][1]["message"] == "no such column\nand more"
    assert job["attempts"][0]["error"] == "model b did not build"
    assert job["params"] == {"names": ["orders"]}


def test_logs_are_printed_and_followed_to_the_end(databank: Databank, failed: str) -> None:
    code, out, _ = databank("job", "logs", failed)
    assert code == 0
    assert [line.split(maxsplit=1)[1] for line in out.splitlines()] == [
        "info    loading",
        "error   failed: model b did not build",
    ]
    assert databank("job", "logs", failed, "--follow")[1] == out
    lines = json.loads(databank("job", "logs", failed, "-o", "json")[1])["lines"]
    assert [(line["level"], line["attempt"]) for line in lines] == [("info", 1), ("error", 1)]


def test_an_unknown_id_is_a_wrong_request_that_names_the_nearest(
    databank: Databank, failed: str
) -> None:
    for command in ("show", "logs", "cancel", "retry"):
        code, out, err = databank("job", command, "job_1999")
        assert (code, out) == (2, "")
        assert "there is no job 'job_1999'" in err
        assert failed in err


def test_a_pending_job_is_cancelled(databank: Databank, store: Store) -> None:
    job = store.add_job(
        type="run",
        name="orders",
        params={},
        status=JobStatus.PENDING,
        owner=current_owner(),
        now=store.store_time(),
    )
    assert databank("job", "cancel", job.id) == (0, f"{job.id}: cancelled\n", "")
    code, _, err = databank("job", "cancel", job.id)
    assert (code, err) == (2, f"Error: job {job.id} is cancelled, so it cannot be cancelled\n")


def test_a_running_job_is_asked_to_stop(databank: Databank, store: Store, project: Project) -> None:
    with track(store, project, "run", "orders", {}) as run:
        assert databank("job", "cancel", "last") == (0, f"{run.id}: asked to stop\n", "")
        assert "running, 0%, asked to stop" in databank("job", "show", "last")[1]


def test_only_a_broken_job_can_be_retried(
    databank: Databank, store: Store, project: Project
) -> None:
    with track(store, project, "run", "orders", {}) as run:
        pass
    code, _, err = databank("job", "retry", run.id)
    assert code == 2
    assert f"job {run.id} is completed; only a failed or cancelled job can be retried" in err


def test_following_cannot_be_one_json_document(databank: Databank, failed: str) -> None:
    code, _, err = databank("job", "logs", failed, "--follow", "-o", "json")
    assert code == 2
    assert "--follow prints lines" in err


@pytest.mark.parametrize("command", ["list", "show", "logs", "cancel", "retry"])
def test_help_has_an_example(databank: Databank, command: str) -> None:
    code, out, _ = databank("job", command, "--help")
    assert code == 0
    assert f"Example: databank job {command}" in out


def test_a_store_that_cannot_be_reached_is_one_error_without_a_password(
    databank: Databank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABANK_STATE_URL", "postgresql://me:hunter2@localhost:1/state")
    code, out, err = databank("job", "list")
    assert (code, out) == (1, "")
    assert err.startswith("Error: state store postgresql+psycopg2://me:***@localhost:1/state: ")
    assert "hunter2" not in err
