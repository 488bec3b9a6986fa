"""What a run would do to each dbt node, and why: decided from what landed and what changed.

A node is built unless it is known that building it would change nothing. What is not known counts
as changed: a crash, a lost state or an older version cost an extra build, and never a wrong table.
"""

from __future__ import annotations

from controlplane.plan.make import ParseAhead, asks_dbt, is_parsed, make_plan
from controlplane.plan.states import new_states, pending_states
from controlplane.plan.steps import Step, steps
from controlplane.plan.values import Action, Cause, Plan, PlannedNode

__all__ = [
    "Action",
    "Cause",
    "ParseAhead",
    "Plan",
    "PlannedNode",
    "Step",
    "asks_dbt",
    "is_parsed",
    "make_plan",
    "new_states",
    "pending_states",
    "steps",
]
