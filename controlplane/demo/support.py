"""The help desk: a record when a contact is opened, and one when it is closed."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.campaigns import MEDIA
from controlplane.demo.cells import Cells
from controlplane.demo.contacts import TOPICS, TYPES, Contacts
from controlplane.demo.deliver import Extract, send
from controlplane.demo.faults import Faults
from controlplane.demo.ids import TransactionIds
from controlplane.demo.lines import Optional, json_flag, json_lines, json_table, or_null, quoted
from controlplane.demo.places import CHANNELS, LANGUAGES, REGIONS
from controlplane.demo.streams import Flags, Ints
from controlplane.demo.truth import Truth
from controlplane.demo.world import World

SOURCE = "support"
STAGES = ("purchase", "delivery", "usage", "return")
STATUSES = ("open", "resolved", "unresolved")
_STAGE_OF_TOPIC = (1, 2, 3, 0, 0, 0)
_INVALID = {
    "response_before_opening": (0.003, "first_response_at"),
    "type_missing": (0.002, "type"),
}
_ORPHANS = 0.003
_LATE, _AGAIN = 0.004, 0.005


def support_extract(world: World, ids: TransactionIds, contacts: Contacts, truth: Truth) -> Extract:
    """What the help desk sends, with the faults that are planted in it."""
    scope, sales, customers = world.scope, world.sales, world.customers
    stream = scope.stream("support")
    count = len(contacts.sale)
    ended = np.flatnonzero(contacts.closed < scope.length)
    contact = np.concatenate([np.arange(count), ended])
    closes = np.repeat([False, True], [count, len(ended)])
    made = np.where(closes, contacts.closed[contact], contacts.opened[contact])
    faults = Faults(stream, closes)
    faults.plant({kind: share for kind, (share, _) in _INVALID.items()})
    faults.plant({"customer.id": _ORPHANS})
    of = faults.of
    sending = send(stream, scope, made, allowed=faults.free, late_share=_LATE, again_share=_AGAIN)
    answered = contacts.answered[contact]
    answered[of["response_before_opening"]] = (
        contacts.opened[contact][of["response_before_opening"]] - 7_200
    )
    strangers = [f"C-{9_500_000 + number:07d}" for number in range(len(of["customer.id"]))]
    customer = sales.customer[contacts.sale[contact]]
    customer[of["customer.id"]] = customers.count + np.arange(len(strangers))
    kind = contacts.kind[contact]
    kind[of["type_missing"]] = -1
    agent = stream.between(1, 24, count)
    touches = stream.between(1, 3, count)
    medium = stream.between(0, len(MEDIA) - 1, count)
    buyers = json_table([*customers.ids, *strangers])
    types, topics = json_table([*TYPES, None]), json_table(TOPICS)
    stages, statuses = json_table(STAGES), json_table(STATUSES)
    languages = json_table(LANGUAGES[one.language] for one in REGIONS)
    channels, media = json_table(CHANNELS), json_table(MEDIA)
    steps = json_table(["help_page", "chat_bot", "agent"])

    def moment(seconds: Ints, missing: Flags | None = None) -> Cells:
        return quoted(cells.moment(scope.since_1970(seconds)), missing)

    def render(at: Ints) -> bytes:
        one, done = contact[at], closes[at]
        sale, opened = contacts.sale[one], contacts.opened[one]
        status = np.where(done, np.where(contacts.solved[one], 1, 2), 0)
        owed = sales.campaign[sale]
        return json_lines(
            {
                "interaction_id": quoted(_ids(one)),
                "type": types[kind[at]],
                "topic": topics[contacts.topic[one]],
                "language": languages[sales.region[sale]],
                "journey_stage": stages[np.asarray(_STAGE_OF_TOPIC)[contacts.topic[one]]],
                "customer": {"id": buyers[customer[at]]},
                "about": {
                    "transaction_id": quoted(_plain(ids, world, sale)),
                    "channel": channels[sales.channel[sale]],
                },
                "opened_at": moment(opened),
                "first_response_at": moment(answered[at], ~done),
                "resolved_at": moment(contacts.closed[one], ~(done & contacts.solved[one])),
                "resolution_status": statuses[status],
                "escalated": json_flag(contacts.escalated[one] & done),
                "agent": or_null(quoted(cells.joined("agent-", cells.number(agent[one]))), ~done),
                "touchpoints": [
                    {"step": steps[np.zeros(len(at), int)], "at": moment(opened - 900)},
                    Optional(
                        {"step": steps[np.ones(len(at), int)], "at": moment(opened - 240)},
                        touches[one] > 1,
                    ),
                    Optional(
                        {"step": steps[np.full(len(at), 2)], "at": moment(contacts.answered[one])},
                        (touches[one] > 2) & done,
                    ),
                ],
                "attribution": Optional(
                    {"medium": media[medium[one]]}, (owed >= 0) | (medium[one] == 0), null=True
                ),
                "updated_at": moment(made[at]),
            },
            len(at),
        )

    extract = Extract(
        source=SOURCE,
        stem="support/interactions.jsonl",
        header="",
        records=sending.records,
        sent=sending.sent,
        render=render,
    )

    def keys(at: Ints) -> list[str]:
        names = cells.texts(_ids(contact[at]))
        state = ["closed" if one else "opened" for one in closes[at].tolist()]
        return [f"{name}@{one}" for name, one in zip(names, state, strict=True)]

    truth.add_sending(extract, sending, made, keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        keys,
        [(of[kind], column, kind) for kind, (_, column) in _INVALID.items()],
    )
    for place, name in enumerate(strangers):
        truth.add_faults(
            "orphans", extract, sending, keys, [(of["customer.id"][[place]], "customer.id", name)]
        )
    return extract  # fmt: skip


def _ids(contact: Ints) -> Cells:
    return cells.joined("I-", cells.number(contact + 1, digits=7))


def _plain(ids: TransactionIds, world: World, sale: Ints) -> Cells:
    """The sale that a contact is about: of a refund, what it takes back."""
    back = world.sales.refund_of[sale]
    return np.asarray(ids.own[np.where(back >= 0, back, sale)])
