"""What words in the names of tables and columns mean, whatever the data are about."""

from __future__ import annotations

# Who acts in a record, and the tables that such are in.
ACTORS: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(roles.split()), frozenset(tables.split()))
    for roles, tables in (
        (
            "rep manager mgr supervisor agent seller salesperson staff employee worker assigned"
            " assignee approver handler officer operator cashier clerk technician by boss owner",
            "employee staff personnel worker user person people agent salesperson",
        ),
        (
            "buyer client customer shopper payer user guest holder subscriber member owner purchaser"
            " borrower patron",
            "customer client user person people member account guest patron",
        ),
        ("home away winner loser opponent visitor host", "team club"),
        (
            "origin dest destination departure arrival from to source home",
            "airport station city place location port stop",
        ),
    )
)
# Columns that tables of persons have, and the ends of words for those who do something.
PERSONAL = frozenset(
    "firstname lastname surname forename givenname familyname birthdate birthday birth gender sex"
    " maiden initials vorname nachname geburtsdatum geb geschlecht prenom apellido cognome".split()
)
PERSON_NAMES = frozenset("first last sur fore given family middle".split())
ACTING = ("er", "or", "ee", "ist", "ian", "ant", "man", "woman", "ary", "eur", "phys", "coach")
ACTOR_WORDS = frozenset(
    "chair head lead chief boss captain clerk agent rep cashier nurse doctor deputy physician mentor"
    " guardian spouse parent person staff creator author contact guide judge pilot chef host".split()
)
# Words with such an end that nobody is.
NO_ACTORS = frozenset(
    "number order letter center quarter color factor floor sector water paper tower river register"
    " chapter folder header master parameter meter counter router server computer printer other"
    " answer offer transfer charter member ledger voucher container layer filter charger power"
    " border corner cover never over under after summer winter weather error vector motor"
    " anchor mirror door minor major prior interior exterior monitor indicator fee degree coffee tree"
    " plant variant constant grant tenant want dictionary boundary library summary diary salary primary"
    " secondary currency category inventory country history semester trimester".split()
)
# What a row of the same table is called that this one belongs to, and whom a person works for.
ABOVE = frozenset(
    "parent head root ancestor previous prev next predecessor successor original reply related mother"
    " father sire dam superior into merged replaces replaced replacement supersedes superseded"
    " supersede succeeds succeeded promotes promoted relegates reversal reversed reverses inverse"
    " counterpart duplicate alternative substitute basis corrects corrected linked follows reduced"
    " outflow flows cancels cancelled deputy"
    " inv rev suc succ pred prev par prnt vorgaenger nachfolger ober storno ersatz"
    " eltern".split()
)
BOSSES = frozenset(
    "manager mgr report boss supervisor superior chief leader head chef vorgesetzter vorges".split()
)
STAFF = frozenset(
    "employee staff personnel worker user person people agent personal mitarbeiter".split()
)
# What describes a thing or says where it is, even if it is called a code or a number.
DESCRIBING = frozenset("zip postal postcode city street town address phone".split())
# What numbers the parts of a whole.
LINES = frozenset("line pos position seq sequence item step lfd ordinal".split())
# What is counted or measured, and refers to nothing.
MEASURES = frozenset(
    "quantity qty count amount amt price cost rate percent percentage pct ratio total sum age size"
    " weight height width length depth duration distance score rating rank ranking points level year"
    " month day week hour minute second quarter min max avg mean stock balance seq sequence position"
    " version priority latitude longitude lat lon lng salary budget population".split()
)
# The ends of names that are written as one word.
MEASURED = (
    "qty",
    "quantity",
    "amt",
    "amount",
    "count",
    "cnt",
    "price",
    "cost",
    "pct",
    "rate",
    "number",
)
# Measures that must not be summed, and those that must not be summed over time.
NON_ADDITIVE = frozenset(
    "price rate ratio percent percentage pct avg average mean temperature temp score rating rank"
    " unit lat lon latitude longitude age speed margin share factor index humidity pressure"
    " discount preis prix precio prezzo kurs".split()
)
# Of one piece, whatever is said of it besides.
PER_PIECE = frozenset("unit each".split())
# What ends so tells rows apart.
TELLS_APART = frozenset("id no nr code cd key".split())
AMOUNTS = frozenset("amount amt total sum".split())
SEMI_ADDITIVE = frozenset(
    "balance bal saldo stock bestand inventory hand level headcount capacity".split()
)
# Whole numbers that say when or where in an order.
PARTS_OF_TIME = frozenset(
    "year month day hour minute second week quarter date time weekday fiscal seq sequence number"
    " line position version ordinal".split()
)
