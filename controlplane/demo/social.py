"""What people write about the company where everybody can read it."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.deliver import Extract, Measure, send
from controlplane.demo.faults import Faults
from controlplane.demo.lines import json_lines, json_table, quoted
from controlplane.demo.phrases import TOPICS
from controlplane.demo.places import LANGUAGES, REGIONS
from controlplane.demo.scope import SECONDS
from controlplane.demo.streams import Ints
from controlplane.demo.truth import Truth
from controlplane.demo.voices import DRAWS, NEGATIVE, say
from controlplane.demo.world import World

SOURCE = "social"
PLATFORMS = ("chirp", "snapgram", "facepage", "reviewhub")
_SHARE = 0.008
_MOODS = (0.30, 0.25, 0.45)
_BRAND_TAGS = ("#databankshop", "#shopping", "#review", "#haul")
_INVALID = {"text_missing": (0.004, "text")}
_LATE, _AGAIN = 0.004, 0.008


def social_extract(world: World, truth: Truth) -> Extract:
    """What the listening service sends, with the faults that are planted in it."""
    scope, customers = world.scope, world.customers
    stream = scope.stream("social")
    count = max(round(scope.transactions * _SHARE), 20)
    # People write about a shop when they shop; more of them are cross while a region is cut off.
    day = stream.pick(world.calendar.level, count)
    made = np.sort(day * SECONDS + stream.between(6 * 3_600, SECONDS - 1, count))
    day = made // SECONDS
    region = stream.pick([one.share for one in REGIONS], count)
    away = world.anomalies
    cut_off = (region == away.outage_region) & (day >= away.outage_first)
    cut_off &= day <= away.outage_last + 1
    mood = np.where(cut_off, NEGATIVE, stream.pick(_MOODS, count))
    spoken = [LANGUAGES[one.language] for one in REGIONS]
    draws = stream.uniform(count * DRAWS).reshape(count, DRAWS).tolist()
    voices = [
        say(spoken[place], one, draw)
        for place, one, draw in zip(region.tolist(), mood.tolist(), draws, strict=True)
    ]
    faults = Faults(stream, np.ones(count, dtype=bool))
    faults.plant({kind: share for kind, (share, _) in _INVALID.items()})
    sending = send(stream, scope, made, allowed=faults.free, late_share=_LATE, again_share=_AGAIN)
    empty = np.zeros(count, dtype=np.int64)
    empty[faults.of["text_missing"]] = 1
    texts = json_table([*(one.text for one in voices), None])
    # Few are known as customers.
    known = stream.chance(0.15, count)
    author = np.where(known, stream.between(0, customers.count - 1, count), customers.count)
    handle = stream.between(1_000, 999_999, count)
    reach = (stream.pareto(1.1, count) * 40).clip(max=2_000_000).astype(np.int64)
    likes = (reach * stream.uniform(count) * 0.05).astype(np.int64)
    shares = (likes * stream.uniform(count) * 0.3).astype(np.int64)
    platform = stream.pick((0.4, 0.25, 0.2, 0.15), count)
    tag = stream.between(0, len(_BRAND_TAGS) - 1, count)
    topic = np.asarray([TOPICS.index(one.topics[0]) for one in voices])
    buyers, platforms = json_table([*customers.ids, None]), json_table(PLATFORMS)
    tags, topic_tags = json_table(_BRAND_TAGS), json_table(f"#{one}" for one in TOPICS)
    languages, countries = json_table(spoken), json_table(one.country for one in REGIONS)

    def render(at: Ints) -> bytes:
        return json_lines(
            {
                "mention_id": quoted(cells.joined("M-", cells.number(at + 1, digits=7))),
                "platform": platforms[platform[at]],
                "posted_at": quoted(cells.moment(scope.since_1970(made[at]))),
                "author": {
                    "handle": quoted(cells.joined("@user", cells.number(handle[at]))),
                    "followers": cells.number(reach[at]),
                    "customer_id": buyers[author[at]],
                },
                "text": texts[np.where(empty[at] == 1, count, at)],
                "language": languages[region[at]],
                "country": countries[region[at]],
                "hashtags": [tags[tag[at]], topic_tags[topic[at]]],
                "engagement": {
                    "likes": cells.number(likes[at]),
                    "shares": cells.number(shares[at]),
                },
            },
            len(at),
        )

    extract = Extract(
        source=SOURCE,
        stem="social/mentions.jsonl",
        header="",
        records=sending.records,
        sent=sending.sent,
        render=render,
        measures={"engagement.likes": Measure(likes), "engagement.shares": Measure(shares)},
    )
    truth.add_sending(extract, sending, made, _keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        _keys,
        [(faults.of[kind], column, kind) for kind, (_, column) in _INVALID.items()],
    )
    truth.add(
        "sentiment",
        (
            (key, SOURCE, voice.label, voice.polarity, "|".join(voice.topics), spoken[place], "")
            for key, voice, place, silent in zip(
                _keys(np.arange(count)), voices, region.tolist(), empty.tolist(), strict=True
            )
            if not silent
        ),
    )
    return extract  # fmt: skip


def _keys(at: Ints) -> list[str]:
    return [f"M-{number + 1:07d}" for number in at.tolist()]
