"""Every batch is judged before dbt builds on it, and as dbt then does."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from controlplane.quality.batches import batches_of
from controlplane.quality.compiling import compiling
from controlplane.quality.flagged import flagged
from controlplane.quality.prepared import prepare
from controlplane.specs.files import read_etl_specs
from tests.quality.conftest import PEOPLE, Judged, MakeJudged

# What each check of the first batch finds, counted by hand.
BROKEN = {
    "person_id:type": 0,
    "age:type": 1,
    "born_on:type": 1,
    "changed_at:type": 0,
    "person_id:key": 1,
    "name_present": 1,
    "born_on_present": 1,
    "age_range": 1,
    "email_format": 3,
    "phone_length": 1,
    "kind_known": 1,
    "email_once": 5,
    "born_before_change": 1,
    "age_of_adults": 1,
}


def test_each_batch_has_its_counts(judged: Judged) -> None:
    second, first = judged.results("people")
    assert {each["rule"]: each["records"] for each in first.checks} == BROKEN
    assert (first.records, first.filtered, first.unreadable, first.bad) == (10, 1, 1, 7)
    assert (first.decision, second.decision) == ("quarantine", "pass")
    assert (second.records, second.bad, second.overall_score) == (2, 0, 1.0)
    assert first.source == "data/people_1.csv"
    assert first.job_id
    assert first.job_id != second.job_id


def test_scores_are_what_their_definitions_say(judged: Judged) -> None:
    first = judged.results("people")[1]
    # Ten records and a line that is none; the first and the last Ada, Bob and Jan break only what
    # warns, so that nobody of the eleven is without a flaw but who breaks nothing.
    flawless = 0
    assert first.overall_score == pytest.approx(flawless / 11, abs=1e-6)
    assert first.field_scores["kind"] == 0.9
    assert first.field_scores["age"] == 0.7
    # person_id, name and born_on are required: one cell of each is empty. What cannot be read is
    # there, and inaccurate.
    assert first.dimensions["completeness"] == pytest.approx(27 / 30, abs=1e-6)
    assert first.dimensions["accuracy"] == pytest.approx(5 / 11, abs=1e-6)
    assert first.dimensions["consistency"] == pytest.approx(4 / 10, abs=1e-6)
    # The files are from the past: loaded more than a day later.
    assert first.dimensions["timeliness"] == 0.0


def test_samples_have_their_place_and_masked_columns_no_value(judged: Judged) -> None:
    first = judged.results("people")[1]
    by_rule = {each.rule: each for each in first.violations}
    assert by_rule["age:type"].samples == [
        {"batch": first.batch_id, "source": "data/people_1.csv", "row": 5, "value": "old"}
    ]
    assert [each["row"] for each in by_rule["email_format"].samples] == [4, 5, 6]
    (masked,) = by_rule["phone_length"].samples
    assert masked["value"] == "(1 characters, masked)"
    assert masked["row"] == 6


def test_recommendations_name_what_is_most_frequent(judged: Judged) -> None:
    first = judged.results("people")[1]
    assert (
        "email fails email_format in 30 % of the records; the most frequent value is 'n/a'"
        " (2 times): add a null_if cleaning rule." in first.recommendations
    )
    assert "1 record of the source cannot be read: `databank rejects list` says why." in (
        first.recommendations
    )


def test_both_targets_find_the_same(make_judged: MakeJudged) -> None:
    differs = ("job_id", "validated_at", "loaded_at", "rules")
    found = [
        [
            {key: value for key, value in asdict(result).items() if key not in differs}
            for result in make_judged(target).results("people")
        ]
        for target in ("duckdb", "postgres")
    ]
    assert found[0] == found[1]


def test_what_the_gate_calls_bad_is_what_the_model_puts_into_quarantine(judged: Judged) -> None:
    files = read_etl_specs(judged.project.root)
    with compiling(judged.project, judged.target) as run_dbt:
        prepared = prepare(judged.project, files, files, run_dbt)["people"]
    ids = [each.batch_id for each in batches_of(judged.target, ["people"])["people"]]
    errors = [
        f"_check_{index}"
        for index, each in enumerate(prepared.criteria)
        if each.severity == "error"
    ]
    by_rules = judged.target.query(
        f"{flagged(prepared, ids)} select _batch_id, _row_number from flagged"
        f" where {' + '.join(errors)} > 0 order by 1, 2"
    )
    by_model = judged.target.query(
        "select _batch_id, _row_number from silver.people_checked where _outcome = 'quarantine'"
        " order by 1, 2"
    )
    assert by_rules == by_model
    assert len(by_model) == 6
    # Each reason of the model is a check that the record breaks, and the other way round.
    for index, each in enumerate(prepared.criteria):
        words = {"type": each.mark, "key": f"{each.column} is missing"}.get(each.kind, each.name)
        if each.severity != "error" or each.kind in ("not_null", "regex"):
            continue  # the model says less of records that cannot be read
        rows = judged.target.query(
            f"{flagged(prepared, ids)} select _row_number from flagged where _check_{index} = 1"
            " and (_is_unread = false or _reason like '% is not a%')"
        )
        named = judged.target.query(
            "select _row_number from silver.people_checked where _outcome = 'quarantine'"
            f" and _reason like '%{words}%'"
        )
        assert sorted(rows) == sorted(named), each.name


def test_nothing_is_compiled_again_where_nothing_changed(judged: Judged) -> None:
    second, first = judged.results("people")
    jobs = judged.project.state_dir / "jobs"
    assert list((jobs / str(first.job_id)).rglob("quality/manifest.json"))
    assert not list((jobs / str(second.job_id)).rglob("quality*/manifest.json"))


@pytest.mark.parametrize("action", ["stop", "skip"])
def test_the_decision_is_what_the_models_do(make_empty: MakeJudged, action: str) -> None:
    judged = make_empty("duckdb")
    spec = {**PEOPLE, "error_handling": {"error_action": action, "error_threshold": 1}}
    good = "person_id,name,age,born_on,email,phone,kind,changed_at\n"
    good += "1,Ada,36,1990-01-01,a@example.org,12345,a,2026-01-01 10:00:00\n"
    bad = good.replace("36", "360") + "2,,36,1990-01-01,b@example.org,1,z,2026-01-01 10:00:00\n"
    judged.put("specs/etl/people.json", spec)
    judged.put("data/people_1.csv", good)
    assert judged.call("generate").returncode == 0
    judged.answer(0, "run")
    judged.put("data/people_2.csv", bad)
    done = judged.answer(1 if action == "stop" else 0, "run")
    second, first = judged.results("people")
    assert (first.decision, second.decision) == ("pass", action)
    assert second.job_id == done["job"]
    assert done["quality"] == [
        {"process": "people", "batch_id": 2, "overall_score": 0.0, "bad": 2, "decision": action}
    ]
    rows = judged.target.query("select person_id, age from silver.people")
    assert rows == [(1, 36)]
    if action == "skip":
        ended = judged.target.query(
            "select outcome, count(*) from silver.people_outcomes group by 1 order by 1"
        )
        assert ended == [("quarantine", 2), ("silver", 1)]


def test_a_batch_is_scored_although_the_first_build_fails(make_empty: MakeJudged) -> None:
    """The score is there before dbt has built anything."""
    judged = make_empty("duckdb")
    judged.put("specs/etl/people.json", PEOPLE)
    judged.put(
        "data/people_1.csv",
        "person_id,name,age,born_on,email,phone,kind,changed_at\n"
        "1,Ada,36,1990-01-01,a@example.org,12345,a,2026-01-01 10:00:00\n",
    )
    assert judged.call("generate").returncode == 0
    broken = judged.project.root / "models" / "bronze" / "raw_people.yml"
    broken.write_text(broken.read_text().replace("data_type: text", "data_type: date", 1))
    done = judged.answer(1, "run", "--select", "raw_people")
    assert ("silver", "people") not in judged.target.relations()
    (result,) = judged.results("people")
    assert (result.job_id, result.overall_score) == (done["job"], 1.0)
