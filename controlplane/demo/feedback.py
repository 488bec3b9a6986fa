"""The surveys: what customers think of a purchase or of the help desk, in marks and in words."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.contacts import Contacts
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.faults import Faults
from controlplane.demo.ids import TransactionIds
from controlplane.demo.lines import csv_lines, csv_table
from controlplane.demo.places import CHANNELS, LANGUAGES, REGIONS
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Ints
from controlplane.demo.truth import Truth
from controlplane.demo.voices import DRAWS, NEGATIVE, NEUTRAL, POSITIVE, say
from controlplane.demo.world import World

SOURCE = "feedback"
HEADER = (
    "feedback_id,submitted_at,customer_id,channel,interaction_type,transaction_id,interaction_id,"
    "language,rating,recommend,feedback_text,invited_at\n"
)
_SHARE = 0.022
_AFTER_CONTACT = 0.30
# In one of so many the words do not go with the mark.
_DISAGREES = 0.04
_INVALID = {"rating_out_of_range": (0.004, "rating"), "text_missing": (0.004, "feedback_text")}
_ORPHANS = 0.004
_LATE, _AGAIN = 0.004, 0.005


def feedback_extract(
    world: World, ids: TransactionIds, contacts: Contacts, truth: Truth
) -> Extract:
    """What the survey platform sends, with the faults that are planted in it."""
    scope, sales, customers = world.scope, world.sales, world.customers
    stream = scope.stream("feedback")
    sale, contact, invited, submitted = _occasions(world, contacts)
    count = len(sale)
    buyer = sales.customer[sale]
    day = submitted // SECONDS
    mood = customers.satisfaction[buyer] + 0.17 * stream.normal(count) + 0.12
    mood -= np.where(customers.leaving(buyer, day), 0.45, 0.0)
    settled = np.ones(count, dtype=bool)
    settled[contact >= 0] = contacts.solved[contact[contact >= 0]]
    mood -= np.where(settled, 0.0, 0.4)
    mood -= np.where(sales.is_refund[sale], 0.15, 0.0)
    rating = 1 + np.searchsorted([0.28, 0.46, 0.62, 0.86], mood, side="right").astype(np.int64)
    label = np.where(rating <= 2, NEGATIVE, np.where(rating == 3, NEUTRAL, POSITIVE))
    disagrees = stream.chance(_DISAGREES, count) & (label != NEUTRAL)
    label = np.where(disagrees, POSITIVE + NEGATIVE - label, label)
    draws = stream.uniform(count * DRAWS).reshape(count, DRAWS).tolist()
    region = sales.region[sale].tolist()
    spoken = [LANGUAGES[one.language] for one in REGIONS]
    voices = [
        say(spoken[place], one, draw)
        for place, one, draw in zip(region, label.tolist(), draws, strict=True)
    ]
    recommend = np.clip(rating * 2 + stream.between(-1, 1, count), 0, 10)
    faults = Faults(stream, np.ones(count, dtype=bool))
    faults.plant({kind: share for kind, (share, _) in _INVALID.items()})
    faults.plant({"customer_id": _ORPHANS})
    of = faults.of
    sending = send(
        stream, scope, submitted, allowed=faults.free, late_share=_LATE, again_share=_AGAIN
    )
    rating[of["rating_out_of_range"]] = 11
    strangers = [f"C-{9_600_000 + number:07d}" for number in range(len(of["customer_id"]))]
    customer = buyer.copy()
    customer[of["customer_id"]] = customers.count + np.arange(len(strangers))
    texts = csv_table(one.text for one in voices)
    empty = np.zeros(count, dtype=bool)
    empty[of["text_missing"]] = True
    buyers, channels = csv_table([*customers.ids, *strangers]), csv_table(CHANNELS)
    languages = csv_table(spoken)
    kinds = csv_table(["purchase", "return", "support"])
    kind = np.where(contact >= 0, 2, sales.is_refund[sale].astype(np.int64))

    def render(at: Ints) -> bytes:
        one, about = sale[at], contact[at]
        return csv_lines(
            [
                cells.joined("F-", cells.number(at + 1, digits=7)),
                cells.moment(scope.since_1970(submitted[at])),
                buyers[customer[at]],
                channels[sales.channel[one]],
                kinds[kind[at]],
                ids.own[one],
                cells.blank(cells.joined("I-", cells.number(about + 1, digits=7)), about < 0),
                languages[sales.region[one]],
                cells.number(rating[at]),
                cells.number(recommend[at]),
                cells.blank(texts[at], empty[at]),
                cells.moment(scope.since_1970(invited[at])),
            ]
        )

    extract = Extract(
        source=SOURCE,
        stem="feedback/surveys.csv",
        header=HEADER,
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={"rating": Measure(rating), "recommend": Measure(recommend)},
    )
    truth.add_sending(extract, sending, submitted, _keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        _keys,
        [(of[name], column, name) for name, (_, column) in _INVALID.items()],
    )
    for place, name in enumerate(strangers):
        truth.add_faults(
            "orphans", extract, sending, _keys, [(of["customer_id"][[place]], "customer_id", name)]
        )
    silent = set(of["text_missing"].tolist())
    truth.add(
        "sentiment",
        (
            (
                key,
                SOURCE,
                voice.label,
                voice.polarity,
                "|".join(voice.topics),
                spoken[place],
                "no" if differs else "yes",
            )
            for number, (key, voice, place, differs) in enumerate(
                zip(_keys(np.arange(count)), voices, region, disagrees.tolist(), strict=True)
            )
            if number not in silent
        ),
    )
    return extract  # fmt: skip


def _keys(at: Ints) -> list[str]:
    return [f"F-{number + 1:07d}" for number in at.tolist()]


def _occasions(world: World, contacts: Contacts) -> tuple[Ints, Ints, Ints, Ints]:
    """Sale, contact or -1, and the seconds of invitation and answer, in the order of answers."""
    scope, sales, customers = world.scope, world.sales, world.customers
    stream = scope.stream("surveys")
    known = sales.customer >= 0
    leaving = known & customers.leaving(np.maximum(sales.customer, 0), sales.day)
    asked = known & stream.chance(np.where(leaving, 2.5 * _SHARE, _SHARE), sales.count)
    bought = np.flatnonzero(asked)
    talked = np.flatnonzero(stream.chance(_AFTER_CONTACT, len(contacts.sale)))
    sale = np.concatenate([bought, contacts.sale[talked]])
    contact = np.concatenate([np.full(len(bought), -1), talked])
    invited = np.concatenate([sales.second[bought] + 20 * 3_600, contacts.closed[talked] + 600])
    submitted = invited + stream.between(300, 9 * SECONDS, len(sale))
    within = np.flatnonzero(submitted < scope.length)
    rows = within[np.argsort(submitted[within], kind="stable")]
    return sale[rows], contact[rows], invited[rows], submitted[rows]
