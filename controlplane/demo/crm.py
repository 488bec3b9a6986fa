"""The CRM's export: every customer as of the first day, then each version when it came to be."""

from __future__ import annotations

import numpy as np

from controlplane.demo import cells
from controlplane.demo.cells import Cells
from controlplane.demo.customers import TIERS
from controlplane.demo.deliver import Extract, send
from controlplane.demo.faults import Faults
from controlplane.demo.lines import csv_lines, csv_table
from controlplane.demo.people import FEMALE, KINDS_OF_ERROR, LAST, MAIL_HOSTS, MALE, misspell, plain
from controlplane.demo.places import CHANNELS, LANGUAGES, REGIONS, STREETS
from controlplane.demo.profiles import make_versions
from controlplane.demo.streams import Ints, Stream
from controlplane.demo.truth import Truth
from controlplane.demo.world import World

SOURCE = "crm"
HEADER = (
    "customer_id,first_name,last_name,email,phone,birth_date,gender,address,registration_date,tier,"
    "preferred_channel,marketing_consent,language,updated_at\n"
)
GENDERS = ("female", "male", "other")
BAD_MAILS = ("mail_without_at", "mail_two_ats", "mail_with_blank", "mail_without_host", "mail_text")
_BAD_MAIL = 0.015
_INVALID = {
    "birth_in_future": (0.001, "birth_date"),
    "birth_placeholder": (0.001, "birth_date"),
    "name_missing": (0.001, "last_name"),
    "tier_unknown": (0.001, "tier"),
}
_FORMATS = {"dotted": 0.015}
_LATE, _AGAIN = 0.004, 0.004


def crm_extract(world: World, truth: Truth) -> Extract:
    """What the CRM sends, with the faults that are planted in it."""
    scope, customers = world.scope, world.customers
    versions = make_versions(world)
    stream = scope.stream("crm")
    person = _Persons(world, stream, truth)
    who = versions.customer
    bad_mail = np.where(versions.email_number == 0, person.bad_mail[who], -1)
    faults = Faults(stream, bad_mail < 0)
    faults.plant({kind: share for kind, (share, _) in _INVALID.items()})
    faults.plant(_FORMATS)
    of = faults.of
    # What was there before the period comes with the first delivery, and is not late.
    made = np.maximum(versions.second, 0)
    sending = send(
        stream, scope, made,
        allowed=faults.free[versions.second[faults.free] >= 0],
        late_share=_LATE, again_share=_AGAIN,
    )  # fmt: skip
    birth = person.birth[who]
    birth[of["birth_in_future"]] = scope.first_day + scope.days + 2_000
    birth[of["birth_placeholder"]] = -25_567
    last = person.last[who]
    last[of["name_missing"]] = -1
    tier = versions.tier.copy()
    tier[of["tier_unknown"]] = len(TIERS)
    dotted = np.zeros(len(who), dtype=bool)
    dotted[of["dotted"]] = True
    ids = csv_table(customers.ids)
    tiers, channels = csv_table([*TIERS, "VIP??"]), csv_table(CHANNELS)
    genders, languages = csv_table(GENDERS), csv_table(LANGUAGES)
    spoken = np.asarray([one.language for one in REGIONS])
    answers = csv_table(["false", "true"])

    def render(at: Ints) -> bytes:
        one = who[at]
        day = customers.registered[one] + scope.first_day
        rows = np.flatnonzero(dotted[at])
        return csv_lines(
            [
                ids[one],
                person.first_names[person.first[one]],
                person.last_names[last[at]],
                person.mail(one, versions.email_number[at], bad_mail[at]),
                person.phone(one, versions.phone_number[at]),
                cells.day(birth[at]),
                genders[person.gender[one]],
                person.address(one, versions.address_number[at]),
                cells.replaced(cells.day(day), rows, cells.day(day[rows], "d.m.y")),
                tiers[tier[at]],
                channels[versions.channel[at]],
                answers[versions.consent[at]],
                languages[spoken[customers.region[one]]],
                cells.moment(scope.since_1970(versions.second[at])),
            ]
        )

    extract = Extract(
        source=SOURCE,
        stem="crm/customers.csv",
        header=HEADER,
        records=sending.records,
        sent=sending.sent,
        render=render,
    )

    def keys(at: Ints) -> list[str]:
        when = cells.texts(cells.moment(scope.since_1970(versions.second[at])))
        names = (customers.ids[one] for one in who[at].tolist())
        return [f"{name}@{moment}" for name, moment in zip(names, when, strict=True)]

    truth.add_sending(extract, sending, made, keys)
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        keys,
        [(of[kind], column, kind) for kind, (_, column) in _INVALID.items()],
    )
    truth.add_faults(
        "invalid_values",
        extract,
        sending,
        keys,
        [
            (np.flatnonzero(bad_mail == number), "email", kind)
            for number, kind in enumerate(BAD_MAILS)
        ],
    )
    truth.add_faults(
        "date_formats",
        extract,
        sending,
        keys,
        [(of[kind], "registration_date", kind) for kind in _FORMATS],
    )
    return extract  # fmt: skip


class _Persons:
    """What is drawn once for each customer; a second record has most of it from the first."""

    def __init__(self, world: World, stream: Stream, truth: Truth) -> None:
        customers, scope = world.customers, world.scope
        count = customers.count
        self._region = customers.region
        language = np.asarray([one.language for one in REGIONS])[customers.region]
        # Some of the Swiss have French names.
        french = stream.chance(0.3, count) & (customers.region == 5)
        language = np.where(french, LANGUAGES.index("fr"), language)
        self.gender = stream.pick((0.515, 0.455, 0.03), count)
        pools = [[*FEMALE[one], *MALE[one]] for one in LANGUAGES]
        starts = np.cumsum([0, *(len(pool) for pool in pools)])
        half = np.asarray([len(FEMALE[one]) for one in LANGUAGES])[language]
        whole = np.asarray([len(pool) for pool in pools])[language]
        low = np.where(self.gender == 1, half, 0)
        high = np.where(self.gender == 0, half, whole) - 1
        self.first = starts[language] + stream.between(low, high, count)
        surnames = [LAST[one] for one in LANGUAGES]
        last_starts = np.cumsum([0, *(len(pool) for pool in surnames)])
        sizes = np.asarray([len(pool) for pool in surnames])[language]
        self.last = last_starts[language] + stream.between(0, sizes - 1, count)
        # In days since 1970: from 18 to 84 years before the period.
        self.birth = scope.first_day - 18 * 365 - stream.between(0, 66 * 365, count)
        self._digits = stream.between(0, 9_999, count)
        self._place = stream.between(0, 10_000, count)
        self._host = stream.between(0, len(MAIL_HOSTS) - 1, count)
        # Makes the address of each customer another one.
        self._number = np.arange(1, count + 1)
        self.bad_mail = np.where(
            stream.chance(_BAD_MAIL, count), stream.between(0, len(BAD_MAILS) - 1, count), -1
        )
        firsts = [name for pool in pools for name in pool]
        lasts = [name for pool in surnames for name in pool]
        self._mail_first, self._mail_last = self.first.copy(), self.last.copy()
        self._mail_names = (
            cells.table(plain(name) for name in firsts), cells.table(plain(name) for name in lasts),
        )  # fmt: skip
        self._shouted = np.zeros(count, dtype=bool)
        self._make_twins(world, stream, truth, firsts, lasts)
        self.first_names, self.last_names = csv_table(firsts), csv_table([*lasts, ""])
        self._hosts = cells.table(MAIL_HOSTS)
        self._loud_hosts = cells.table(one.upper() for one in MAIL_HOSTS)
        self._phones = cells.table(one.phone for one in REGIONS)
        self._streets = cells.table(name for one in REGIONS for name in STREETS[one.country])
        self._towns = cells.table(
            f'""postcode"":""{code}"",""city"":""{town}""'
            for one in REGIONS
            for town, code in one.towns
        )
        self._regions = cells.table(
            f'""region"":""{one.name}"",""country"":""{one.country}""' for one in REGIONS
        )

    def _make_twins(
        self, world: World, stream: Stream, truth: Truth, firsts: list[str], lasts: list[str]
    ) -> None:
        """Give second records the person of the first, with a name that is not quite the same."""
        customers = world.customers
        twins = np.flatnonzero(customers.twin_of >= 0)
        same = customers.twin_of[twins]
        for column in (self.first, self.last, self._mail_first, self._mail_last, self.gender,
                       self.birth, self._place):  # fmt: skip
            column[twins] = column[same]
        kinds = stream.between(0, len(KINDS_OF_ERROR) - 1, len(twins)).tolist()
        places = stream.between(0, 30, len(twins)).tolist()
        keeps_phone, keeps_mail = stream.chance(0.7, len(twins)), stream.chance(0.6, len(twins))
        rows = []
        for twin, one, kind, place in zip(
            twins.tolist(), same.tolist(), kinds, places, strict=True
        ):
            first, last, fault = misspell(
                firsts[self.first[one]], lasts[self.last[one]], KINDS_OF_ERROR[kind], place
            )
            self.first[twin], self.last[twin] = len(firsts), len(lasts)
            firsts.append(first)
            lasts.append(last)
            rows.append((customers.ids[twin], customers.ids[one], fault))
        truth.add("customer_matches", rows)
        self._digits[twins[keeps_phone]] = self._digits[same[keeps_phone]]
        # The same mailbox, typed in capitals.
        self._host[twins[keeps_mail]] = self._host[same[keeps_mail]]
        self._number[twins[keeps_mail]] = self._number[same[keeps_mail]]
        self._shouted[twins[keeps_mail]] = True
        self.bad_mail[twins] = -1

    def mail(self, who: Ints, number: Ints, bad: Ints) -> Cells:
        """E-mail addresses; a later one has another number and host."""
        first = self._mail_names[0][self._mail_first[who]]
        last = self._mail_names[1][self._mail_last[who]]
        digits = cells.number(self._number[who] + number * 1_000_000)
        host = (self._host[who] + number) % len(MAIL_HOSTS)
        shouted = self._shouted[who] & (number == 0)
        hosts = np.where(shouted[:, None], self._loud_hosts[host], self._hosts[host])
        out = cells.joined(first, ".", last, digits, "@", hosts)
        patterns = {
            "mail_without_at": (first, ".", last, digits, hosts),
            "mail_two_ats": (first, "@", last, digits, "@", hosts),
            "mail_with_blank": (first, " ", last, digits, "@", hosts),
            "mail_without_host": (first, ".", last, digits, "@"),
            "mail_text": ("n/a",),
        }
        for place, kind in enumerate(BAD_MAILS):
            rows = np.flatnonzero(bad == place)
            if len(rows):
                parts = [one if isinstance(one, str) else one[rows] for one in patterns[kind]]
                only_text = isinstance(parts[0], str)
                new = cells.constant("n/a", len(rows)) if only_text else cells.joined(*parts)
                out = cells.replaced(out, rows, new)
        return out

    def phone(self, who: Ints, number: Ints) -> Cells:
        """Telephone numbers."""
        digits = (self._digits[who] + number * 1_237) % 10_000
        return cells.joined(self._phones[self._region[who]], " ", cells.number(digits, digits=4))

    def address(self, who: Ints, number: Ints) -> Cells:
        """Addresses as a JSON object in a CSV value."""
        region, place = self._region[who], self._place[who] + number * 4_271
        street = region * len(STREETS["DE"]) + place % len(STREETS["DE"])
        town = region * len(REGIONS[0].towns) + place // 6 % len(REGIONS[0].towns)
        return cells.joined(
            '"{""street"":""', self._streets[street], " ", cells.number(place // 30 % 140 + 1),
            '"",', self._towns[town], ",", self._regions[region], '}"',
        )  # fmt: skip
