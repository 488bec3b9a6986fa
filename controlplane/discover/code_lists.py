"""Short lists of standard codes: countries (ISO 3166), currencies (ISO 4217), languages (ISO 639-1)."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


COUNTRY_CODES_2 = word_set(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO"
    " BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ"
    " DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP"
    " GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG"
    " KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML"
    " MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE"
    " PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL"
    " SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UK"
    " UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
COUNTRY_CODES_3 = word_set(
    "ABW AFG AGO AIA ALB AND ARE ARG ARM ATG AUS AUT AZE BDI BEL BEN BFA BGD BGR BHR BHS BIH"
    " BLR BLZ BMU BOL BRA BRB BRN BTN BWA CAF CAN CHE CHL CHN CIV CMR COD COG COL COM CPV CRI"
    " CUB CUW CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESP EST ETH FIN FJI FRA FSM GAB GBR"
    " GEO GHA GIN GMB GNB GNQ GRC GRD GRL GTM GUY HKG HND HRV HTI HUN IDN IND IRL IRN IRQ ISL"
    " ISR ITA JAM JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU"
    " LUX LVA MAC MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MOZ MRT MUS MWI MYS NAM"
    " NER NGA NIC NLD NOR NPL NRU NZL OMN PAK PAN PER PHL PLW PNG POL PRI PRK PRT PRY PSE QAT"
    " ROU RUS RWA SAU SDN SEN SGP SLB SLE SLV SMR SOM SRB SSD STP SUR SVK SVN SWE SWZ SYC SYR"
    " TCD TGO THA TJK TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR URY USA UZB VAT VCT VEN VNM"
    " VUT WSM YEM ZAF ZMB ZWE"
)
CURRENCY_CODES = word_set(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN"
    " BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DEM DJF DKK DOP DZD EGP ERN ESP ETB"
    " EUR FJD FKP FRF GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR"
    " ISK ITL JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL"
    " MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NLG NOK NPR NZD OMR PAB PEN"
    " PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN"
    " SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF"
    " XAG XAU XCD XOF XPF YER ZAR ZMW ZWL BTC ETH"
)
LANGUAGE_CODES = word_set(
    "aa ab af ak am ar as az ba be bg bn bo br bs ca cs cy da de dz el en eo es et eu fa fi"
    " fj fo fr fy ga gd gl gu ha he hi hr hu hy id ig is it ja jv ka kk km kn ko ku ky la lb"
    " ln lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no ny om or pa pl ps pt qu rm ro ru"
    " rw sa sd si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt ug"
    " uk ur uz ve vi wo xh yi yo zh zu"
)
US_STATES = word_set(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV"
    " NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY PR"
)
# Months by their names in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish,
# Swedish and Russian; an abbreviation is the first three letters or more, see `month_of`.
_MONTHS = (
    "january januar janvier enero gennaio janeiro januari styczeń stycznia января jänner",
    "february februar février fevrier febrero febbraio fevereiro februari luty lutego февраля",
    "march märz maerz mars marzo março marco maart marzec marca марта mrz mrt",
    "april avril abril aprile kwiecień kwietnia апреля",
    "may mai mayo maggio maio mei maj maja мая mag",
    "june juni juin junio giugno junho czerwiec czerwca июня",
    "july juli juillet julio luglio julho lipiec lipca июля",
    "august août aout agosto augustus augusti sierpień sierpnia августа",
    "september septembre septiembre settembre setembro wrzesień września сентября sept",
    "october oktober octobre octubre ottobre outubro październik października октября okt out",
    "november novembre noviembre novembro listopad listopada ноября",
    "december dezember décembre decembre diciembre dicembre dezembro grudzień grudnia декабря",
)
_WEEKDAYS = (
    "monday montag lundi lunes lunedì segunda maandag poniedziałek måndag",
    "tuesday dienstag mardi martes martedì terça dinsdag wtorek tisdag tues",
    "wednesday mittwoch mercredi miércoles mercoledì quarta woensdag środa onsdag",
    "thursday donnerstag jeudi jueves giovedì quinta donderdag czwartek torsdag thurs",
    "friday freitag vendredi viernes venerdì sexta vrijdag piątek fredag",
    "saturday samstag samedi sábado sabato zaterdag sobota lördag",
    "sunday sonntag dimanche domingo domenica zondag niedziela söndag",
)


def _numbered(lines: tuple[str, ...], shortest: int) -> dict[str, int]:
    """The number of each name and of each abbreviation that belongs to one number alone."""
    numbers: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        for name in line.split():
            numbers[name] = number
    for name, number in list(numbers.items()):
        for length in range(shortest, min(len(name), 5)):
            numbers.setdefault(name[:length], number)
    return numbers


MONTHS = _numbered(_MONTHS, 3)
WEEKDAYS = _numbered(_WEEKDAYS, 2)
ENGLISH_MONTHS = word_set(
    "january february march april may june july august september october november december"
    " jan feb mar apr jun jul aug sep oct nov dec"
)
