"""What customers say in German."""

from __future__ import annotations

from controlplane.demo.phrases import Phrases

GERMAN = Phrases(
    good={
        "delivery": (
            "das Paket kam {}schnell an",
            "die Lieferung war {}zügig und alles war heil",
            "der Bote war {}pünktlich",
            "meine Bestellung kam keinen Tag zu spät",
            "ich musste nie auf das Paket warten",
        ),
        "price": (
            "der Preis ist {}fair",
            "das Preis-Leistungs-Verhältnis ist {}gut",
            "mit dem Rabatt habe ich viel gespart",
            "günstiger bekommt man es nirgends",
            "für das Gebotene ist es nicht teuer",
        ),
        "quality": (
            "die Qualität ist {}gut",
            "das Material wirkt {}hochwertig",
            "es funktioniert {}gut und sieht schön aus",
            "auch nach Wochen ist nichts kaputtgegangen",
            "an der Verarbeitung ist nichts auszusetzen",
        ),
        "staff": (
            "das Personal war {}freundlich",
            "die Dame an der Kasse war {}hilfsbereit",
            "der Kundendienst hat {}schnell geantwortet",
            "niemand war ungeduldig mit mir",
            "der Berater nahm sich Zeit und kannte sich aus",
        ),
        "app": (
            "die App ist {}einfach zu bedienen",
            "das Bestellen auf der Webseite war {}leicht",
            "die App lädt {}schnell",
            "die App ist kein einziges Mal abgestürzt",
            "ich hatte nie Mühe, mich auf der Webseite zurechtzufinden",
        ),
        "returns": (
            "die Rückgabe war {}einfach",
            "die Erstattung kam {}schnell",
            "der Umtausch lief {}reibungslos",
            "das Zurückschicken war überhaupt kein Problem",
            "auf mein Geld musste ich nicht warten",
        ),
        "selection": (
            "die Auswahl ist {}groß",
            "ich habe alles gefunden, was ich gesucht habe",
            "das neue Sortiment ist {}ansprechend",
            "meine Größe war ausnahmsweise nicht ausverkauft",
            "die Regale waren {}gut gefüllt",
        ),
        "payment": (
            "das Bezahlen war {}einfach",
            "an der Kasse ging es {}schnell",
            "die Rechnung war richtig und verständlich",
            "es gab keine versteckten Gebühren",
            "die Zahlung ging ohne Schwierigkeiten durch",
        ),
    },
    bad={
        "delivery": (
            "das Paket kam {}spät",
            "die Lieferung war {}langsam",
            "der Karton war {}beschädigt",
            "meine Bestellung kam nicht pünktlich",
            "niemand konnte mir sagen, wo das Paket ist",
        ),
        "price": (
            "der Preis ist {}hoch",
            "das ist {}überteuert",
            "anderswo gibt es dasselbe billiger",
            "das ist sein Geld nicht wert",
            "der Rabatt wurde nicht abgezogen",
        ),
        "quality": (
            "die Qualität ist {}schlecht",
            "es ging {}schnell kaputt",
            "die Naht war nach zwei Tagen offen",
            "es funktioniert nicht wie beschrieben",
            "das Material ist gar nicht gut",
        ),
        "staff": (
            "das Personal war {}unhöflich",
            "der Mann an der Kasse war {}unfreundlich",
            "der Kundendienst war {}unfähig",
            "niemand hat meine Frage beantwortet",
            "der Berater war nicht freundlich",
        ),
        "app": (
            "die App ist {}langsam",
            "die Webseite ist {}unübersichtlich",
            "die App stürzt ständig ab",
            "die Suche funktioniert nicht richtig",
            "ich konnte mich tagelang nicht anmelden",
        ),
        "returns": (
            "die Rückgabe war {}umständlich",
            "die Erstattung hat {}lange gedauert",
            "ich warte immer noch auf mein Geld",
            "meine Rückgabe wurde nicht angenommen",
            "der Umtausch hat nie stattgefunden",
        ),
        "selection": (
            "die Auswahl ist {}klein",
            "die Hälfte war wieder ausverkauft",
            "die Regale waren {}leer",
            "ich habe nicht gefunden, was ich brauchte",
            "meine Größe war nicht zu haben",
        ),
        "payment": (
            "das Bezahlen war {}schwierig",
            "mir wurde der Betrag zweimal abgebucht",
            "die Rechnung war falsch",
            "meine Karte wurde nicht angenommen",
            "der Bezahlvorgang ging nicht",
        ),
    },
    plain={
        "delivery": ("das Paket kam am Dienstag", "ich habe das Paket im Laden abgeholt"),
        "price": ("der Preis ist wie im letzten Jahr", "ich habe den Listenpreis bezahlt"),
        "quality": ("die Farbe ist wie auf dem Bild", "es wiegt ungefähr so viel wie erwartet"),
        "staff": ("ich habe mit jemandem am Schalter gesprochen", "ein Verkäufer nahm es auf"),
        "app": ("ich habe mit der App bestellt", "ich nutze die Webseite ab und zu"),
        "returns": ("eines von zwei Teilen habe ich zurückgeschickt", "die Rückgabe ist unterwegs"),
        "selection": ("ich habe das Blaue genommen", "es gibt das in drei Größen"),
        "payment": ("ich habe mit Karte bezahlt", "die Rechnung kam per E-Mail"),
    },
    good_openers=(
        "ich bin {}zufrieden mit dieser Bestellung",
        "alles in allem ein {}angenehmer Einkauf",
        "diesen Laden kann ich nur empfehlen",
        "keinerlei Beanstandungen",
    ),
    bad_openers=(
        "ich bin {}enttäuscht",
        "alles in allem ein {}ärgerlicher Einkauf",
        "diesen Laden kann ich nicht empfehlen",
        "ich bin überhaupt nicht zufrieden",
    ),
    plain_openers=(
        "es war in Ordnung, nichts Besonderes",
        "weder gut noch schlecht",
        "eine durchschnittliche Bestellung",
        "wie erwartet, nicht mehr und nicht weniger",
    ),
    good_closers=("ich bestelle wieder", "vielen Dank", "bis zum nächsten Mal"),
    bad_closers=("ich bestelle nicht wieder", "nie wieder", "das muss besser werden"),
    degrees=(
        ("", 1.0), ("sehr ", 1.25), ("wirklich ", 1.2), ("äußerst ", 1.4), ("recht ", 0.8),
    ),
    but=("aber", "allerdings:"),
)  # fmt: skip
