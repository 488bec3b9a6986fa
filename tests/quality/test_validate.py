"""`databank quality`: Great Expectations judges what is asked for, and history says what got worse."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controlplane.quality.expectations import validate
from tests.quality.conftest import Judged, MakeJudged

REQUEST = {
    "table_name": "people",
    "layer": "silver",
    "validation_rules": [
        {"field": "email", "rule_type": "not_null", "parameters": {}},
        {"field": "age", "rule_type": "range", "parameters": {"min": 0, "max": 39}},
        {"field": "email", "rule_type": "format", "parameters": {"pattern": "^[a-k]"}},
        {
            "field": "kind",
            "rule_type": "custom",
            "parameters": {"expression": "kind is not null and name <> 'what?'"},
        },
    ],
}


def test_the_newest_batch_is_validated(judged: Judged) -> None:
    answer = judged.answer(0, "quality", "validate", "people")
    assert (answer["batch_id"], answer["overall_score"], answer["violations"]) == (2, 1.0, [])
    assert answer["verdict"] == {
        "success": True,
        "failed": [],
        "failed_errors": [],
        "evaluated": 14,
    }


def test_a_batch_that_breaks_rules_ends_with_1_and_has_one_result(judged: Judged) -> None:
    before = judged.results("people")
    answer = judged.answer(1, "quality", "validate", "people", "--batch", "1")
    assert set(answer["verdict"]["failed"]) - set(answer["verdict"]["failed_errors"]) == {
        "email_once",
        "age_of_adults",
    }
    assert {each["rule"] for each in answer["violations"]} == set(answer["verdict"]["failed"])
    after = judged.results("people")
    assert [each.batch_id for each in after] == [2, 1]
    assert after[1].validated_at > before[1].validated_at
    assert (after[1].job_id, after[1].violations) == (before[1].job_id, before[1].violations)
    pages = [path.read_text() for path in Path(answer["data_docs"]).parent.rglob("*.html")]
    assert any("email_format" in page and "data/people_1.csv:4" in page for page in pages)


def test_great_expectations_says_what_the_counts_say_and_asks_nobody(
    make_judged: MakeJudged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    results = make_judged("duckdb").results("people")
    verdicts = validate(results, tmp_path / "docs")
    for result, verdict in zip(results, verdicts, strict=True):
        broken = [each["rule"] for each in result.checks if each["records"]]
        assert sorted(verdict.failed) == sorted(broken)
        assert verdict.success is (not broken)
        assert verdict.evaluated == len(result.checks)
    assert (tmp_path / "docs" / "index.html").is_file()


def test_values_of_the_data_are_no_html_on_the_site(
    make_judged: MakeJudged, tmp_path: Path
) -> None:
    result = make_judged("duckdb").results("people")[1]
    harm = "<script>alert('!')</script>"
    violations = [
        replace(each, message=harm, samples=[{"source": harm, "row": 1, "value": harm}])
        for each in result.violations
    ]
    checks = [{**each, "message": harm} for each in result.checks]
    validate([replace(result, violations=violations, checks=checks)], tmp_path)
    pages = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
    assert any("&lt;script&gt;alert" in page for page in pages)
    assert not any("<script>alert" in page for page in pages)


def test_a_table_is_validated_by_a_request(judged: Judged) -> None:
    answer = judged.answer(1, "quality", "validate", "--rules", "-", text=json.dumps(REQUEST))
    assert answer["version"] == 1
    assert answer["subject"] == "silver.people"
    found = {each["rule"]: each["records"] for each in answer["checks"]}
    # Silver has both Ada and Jan, Bob, Lea and Max.
    assert answer["records"] == 5
    assert found == {
        "email:not_null": 0,
        "age:range": 2,
        "email:format": 2,
        "kind:custom": 1,
    }
    assert answer["field_scores"] == {"email": 0.6, "age": 0.6, "kind": 0.8}
    assert answer["overall_score"] == 0.6
    (sample,) = next(e for e in answer["violations"] if e["rule"] == "kind:custom")["samples"]
    assert sample == {"batch": 2, "source": "data/people_2.csv", "row": 2}


def test_a_sample_is_as_large_as_it_says(judged: Judged) -> None:
    request = json.dumps({**REQUEST, "sample_size": 1})
    answer = json.loads(
        judged.call("quality", "validate", "--rules", "-", "-o", "json", text=request).stdout
    )
    assert (answer["records"], answer["sample_size"]) == (1, 1)
    said = judged.call("quality", "validate", "--rules", "-", text=request).stdout
    assert "a sample of 1 records (sample_size)" in said


def test_a_table_without_rules_is_validated_by_the_tests_of_its_model(judged: Judged) -> None:
    answer = judged.answer(0, "quality", "validate", "silver.people")
    found = {each["rule"]: each["passed"] for each in answer["checks"]}
    assert found["person_id:not_null"] is True
    assert found["person_id:unique"] is True
    assert found["kind:accepted_values"] is True
    # Ada and Jan share an address: the rule is only to warn.
    assert found["email:unique"] is False
    assert answer["verdict"]["failed_errors"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layer": "attic"}, "layer"),
        ({"validation_rules": [{"field": "nose", "rule_type": "not_null"}]}, "found 'nose'"),
        (
            {
                "validation_rules": [
                    {"field": "age", "rule_type": "range", "parameters": {"low": 1}}
                ]
            },
            "range takes: min, max",
        ),
        (
            {
                "validation_rules": [
                    {"field": "age", "rule_type": "range", "parameters": {"min": "x"}}
                ]
            },
            "validation_rules[0].parameters",
        ),
        ({"validation_rules": [{"field": "age", "rule_type": "range"}]}, "range needs min or max"),
        ({"sample_size": 0}, "sample_size"),
        ({"table_name": "nothing"}, "there is no table silver.nothing"),
        ({"rules": []}, "rules"),
    ],
)
def test_a_wrong_request_is_told_with_its_place(
    make_judged: MakeJudged, change: dict[str, Any], said: str
) -> None:
    done = make_judged("duckdb").call(
        "quality", "validate", "--rules", "-", text=json.dumps({**REQUEST, **change})
    )
    assert done.returncode == 2
    assert said in done.stderr


def test_what_is_not_there_cannot_be_validated(make_judged: MakeJudged) -> None:
    judged = make_judged("duckdb")
    done = judged.call("quality", "validate", "people", "--batch", "7")
    assert done.returncode == 2
    assert "'people' has no batch 7 (its newest: 1, 2)" in done.stderr
    done = judged.call("quality", "validate", "nobody")
    assert done.returncode == 2
    assert "no ETL process 'nobody'" in done.stderr


def test_a_report_has_the_scores_of_each_batch(judged: Judged, tmp_path: Path) -> None:
    answer = judged.answer(0, "quality", "report", "people", "--docs", str(tmp_path / "site"))
    newest, oldest = answer["results"]
    assert (newest["batch_id"], newest["overall_score"]) == (2, 1.0)
    assert (oldest["batch_id"], oldest["overall_score"]) == (1, 0.0)
    assert Path(answer["data_docs"]).is_file()
    text = judged.call("quality", "report", "people").stdout
    assert "quarantine" in text
    assert "100.0%" in text
