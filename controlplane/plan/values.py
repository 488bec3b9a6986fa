"""The values of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controlplane.dbt.dag import Dag
from controlplane.state.records import NodeState


class Action(StrEnum):
    """What a run does to a node."""

    BUILD = "build"
    SKIP = "skip"


class Cause(StrEnum):
    """Why; the reason says it for people."""

    NEW = "new"
    OWED = "owed"
    CODE = "code"
    FOREIGN = "foreign"
    GONE = "gone"
    DATA = "data"
    UPSTREAM = "upstream"
    REQUESTED = "requested"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class PlannedNode:
    """What a run does to one node, and why.

    With `full_refresh` an incremental model is made anew from all raw data, and a seed's table is
    made anew instead of emptied and filled. `adds` says that the build leaves the relation in its
    place and changes rows of it; `shows_news`, that a view is left alone and shows new data.
    """

    unique_id: str
    name: str
    resource_type: str
    layer: str | None
    action: Action
    cause: Cause
    reason: str
    full_refresh: bool = False
    adds: bool = False
    shows_news: bool = False

    @property
    def is_built(self) -> bool:
        """Whether a run builds the node (or runs it, if it is a test)."""
        return self.action is Action.BUILD


@dataclass(frozen=True)
class Plan:
    """Every selected node, parents first, with what was known when it was decided.

    `batches` are the newest batch of each raw table at that time: what a node built by this plan
    has read at the least; `columns` are those that the raw tables had. `started_dbt` tells whether
    the session has parsed the project as it is.
    """

    nodes: tuple[PlannedNode, ...]
    dag: Dag = field(repr=False)
    states: Mapping[str, NodeState] = field(repr=False)
    batches: Mapping[str, str] = field(repr=False)
    columns: Mapping[str, str] = field(repr=False)
    started_dbt: bool
    dbt_args: tuple[str, ...] = ()

    @property
    def to_build(self) -> tuple[PlannedNode, ...]:
        """The nodes that a run builds."""
        return tuple(node for node in self.nodes if node.is_built)

    @property
    def unchanged(self) -> tuple[PlannedNode, ...]:
        """The nodes that a run leaves alone."""
        return tuple(node for node in self.nodes if not node.is_built)
