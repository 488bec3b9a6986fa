"""The logs of the agents that run a warehouse: what each did, how long it took, and what failed."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.lines import json_lines, json_table, or_null, quoted
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Ints
from controlplane.demo.truth import Truth
from controlplane.demo.world import World

SOURCE = "logs"
LAYERS = ("bronze", "silver", "gold", "platinum")
STATUSES = ("success", "failed", "timeout")
# Agent, layer, operation, table, usual milliseconds, and share of operations that fail.
_AGENTS = (
    ("ingest-1", 0, "load", "scout_raw_transactions", 4_200, 0.012),
    ("ingest-2", 0, "load", "scout_raw_events", 6_100, 0.010),
    ("ingest-3", 0, "load", "ces_raw_feedback", 1_300, 0.015),
    ("validator-1", 0, "validate", "scout_raw_customers", 900, 0.020),
    ("cleaner-1", 1, "clean", "scout_clean_transactions", 7_500, 0.015),
    ("cleaner-2", 1, "match", "scout_clean_customers", 5_200, 0.025),
    ("cleaner-3", 1, "score_sentiment", "ces_clean_feedback", 3_800, 0.030),
    ("aggregator-1", 2, "aggregate", "scout_kpi_revenue_daily", 2_400, 0.008),
    ("aggregator-2", 2, "aggregate", "ces_kpi_satisfaction_scores", 1_100, 0.008),
    ("forecaster-1", 3, "predict", "neural_predictions_revenue", 15_000, 0.040),
    ("forecaster-2", 3, "predict", "neural_predictions_churn", 12_000, 0.040),
)
_ERRORS = (
    ("SOURCE_UNAVAILABLE", "the source did not answer"),
    ("SCHEMA_MISMATCH", "a column is missing"),
    ("OUT_OF_MEMORY", "the operation was stopped"),
    ("LOCKED", "another process writes the table"),
)
_A_DAY = 44
_AGAIN = 0.002


def agents_extract(world: World, truth: Truth) -> Extract:
    """What the agents log; there are more of them in a larger company."""
    scope = world.scope
    stream = scope.stream("logs")
    count = max(round(_A_DAY * scope.days * scope.scale**0.5), 100)
    agent = stream.between(0, len(_AGENTS) - 1, count)
    made = np.sort(stream.between(0, scope.length - 1, count))
    usual = np.asarray([one[4] for one in _AGENTS])[agent]
    fails = stream.chance(np.asarray([one[5] for one in _AGENTS])[agent], count)
    status = np.where(fails, np.where(stream.chance(0.25, count), 2, 1), 0)
    # Mostly near the usual, now and then far beyond it; the load grows with the sales of the day.
    load = world.calendar.level[made // SECONDS]
    took = (usual * (0.5 + 0.5 * stream.exponential(count)) * load).astype(np.int64)
    took = np.where(status == 2, 300_000, np.maximum(took, 20))
    rows = np.where(fails, 0, stream.between(50, 9_000, count))
    error = stream.between(0, len(_ERRORS) - 1, count)
    sending = send(stream, scope, made, again_share=_AGAIN)
    names, layers = json_table(one[0] for one in _AGENTS), json_table(LAYERS)
    layer_of = np.asarray([one[1] for one in _AGENTS])
    operations, tables = (
        json_table(one[2] for one in _AGENTS),
        json_table(one[3] for one in _AGENTS),
    )
    statuses = json_table(STATUSES)
    errors = cells.table(f'{{"code":"{code}","message":"{text}"}}' for code, text in _ERRORS)

    def render(at: Ints) -> bytes:
        one = agent[at]
        return json_lines(
            {
                "log_id": quoted(cells.joined("L-", cells.number(at + 1, digits=8))),
                "agent_id": names[one],
                "layer": layers[layer_of[one]],
                "operation": operations[one],
                "payload": {"table": tables[one], "rows": cells.number(rows[at])},
                "execution_time": cells.number(took[at], decimals=3),
                "status": statuses[status[at]],
                "error_details": or_null(errors[error[at]], status[at] == 0),
                "created_at": quoted(cells.moment(scope.since_1970(made[at]))),
            },
            len(at),
        )

    extract = Extract(
        source=SOURCE,
        stem="logs/agents.jsonl",
        header="",
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={"execution_time": Measure(took, 3), "payload.rows": Measure(rows)},
    )
    truth.add_sending(
        extract, sending, made, lambda at: [f"L-{number + 1:08d}" for number in at.tolist()]
    )
    return extract
