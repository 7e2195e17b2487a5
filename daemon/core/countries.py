"""
Country names in Swedish, Danish, Norwegian, English and Finnish, and their ISO 3166-1 alpha-2 codes.

Needed because one system asks for a code where another keeps a name: Fortnox has
codes on customers and names on documents (fortnox.md 9 and 12.1), webCRM has names
in the language of its users (webcrm.md 7).
"""

from __future__ import annotations

import unicodedata
from functools import cache

LANGUAGES = ("sv", "da", "nb", "en", "fi")

# One country a line: code|sv|da|nb|en|fi. "=" repeats the name to its left; a line that
# starts with "|" goes on with the country above.
_TABLE = """
AD|Andorra|=|=|=|=
AE|Förenade Arabemiraten|De Forenede Arabiske Emirater|De forente arabiske emirater|United Arab Emirates
|Arabiemiirikunnat
AF|Afghanistan|=|=|=|Afganistan
AG|Antigua och Barbuda|Antigua og Barbuda|=|Antigua and Barbuda|Antigua ja Barbuda
AI|Anguilla|=|=|=|=
AL|Albanien|=|Albania|=|=
AM|Armenien|=|Armenia|=|=
AO|Angola|=|=|=|=
AQ|Antarktis|=|=|Antarctica|Antarktis
AR|Argentina|=|=|=|Argentiina
AS|Amerikanska Samoa|Amerikansk Samoa|=|American Samoa|Amerikan Samoa
AT|Österrike|Østrig|Østerrike|Austria|Itävalta
AU|Australien|=|Australia|=|=
AW|Aruba|=|=|=|=
AX|Åland|=|=|Åland Islands|Ahvenanmaa
AZ|Azerbajdzjan|Aserbajdsjan|=|Azerbaijan|Azerbaidžan
BA|Bosnien och Hercegovina|Bosnien-Hercegovina|Bosnia-Hercegovina|Bosnia and Herzegovina
|Bosnia ja Hertsegovina
BB|Barbados|=|=|=|=
BD|Bangladesh|=|=|=|=
BE|Belgien|=|Belgia|Belgium|Belgia
BF|Burkina Faso|=|=|=|=
BG|Bulgarien|=|Bulgaria|=|=
BH|Bahrain|=|=|=|=
BI|Burundi|=|=|=|=
BJ|Benin|=|=|=|=
BL|Saint-Barthélemy|=|=|Saint Barthélemy|Saint-Barthélemy
BM|Bermuda|=|=|=|=
BN|Brunei|=|=|=|=
BO|Bolivia|=|=|=|=
BQ|Karibiska Nederländerna|De Caribiske Nederlande|Karibisk Nederland|Caribbean Netherlands
|Karibian Alankomaat
BR|Brasilien|=|Brasil|Brazil|Brasilia
BS|Bahamas|=|=|=|Bahama
BT|Bhutan|=|=|=|=
BV|Bouvetön|Bouvetøen|Bouvetøya|Bouvet Island|Bouvet’nsaari
BW|Botswana|=|=|=|=
BY|Belarus|=|=|=|Valko-Venäjä
BZ|Belize|=|=|=|=
CA|Kanada|Canada|=|=|Kanada
CC|Kokosöarna|Cocosøerne|Kokosøyene|Cocos (Keeling) Islands|Kookossaaret
CD|Kongo-Kinshasa|Congo-Kinshasa|Kongo-Kinshasa|Congo-Kinshasa|Kongon demokraattinen tasavalta
CF|Centralafrikanska republiken|Den Centralafrikanske Republik|Den sentralafrikanske republikk
|Central African Republic|Keski-Afrikan tasavalta
CG|Kongo-Brazzaville|Congo-Brazzaville|Kongo-Brazzaville|Congo-Brazzaville|Kongon tasavalta
CH|Schweiz|=|Sveits|Switzerland|Sveitsi
CI|Elfenbenskusten|Elfenbenskysten|=|Côte d’Ivoire|Norsunluurannikko
CK|Cooköarna|Cookøerne|Cookøyene|Cook Islands|Cookinsaaret
CL|Chile|=|=|=|=
CM|Kamerun|Cameroun|Kamerun|Cameroon|Kamerun
CN|Kina|=|=|China|Kiina
CO|Colombia|=|=|=|Kolumbia
CR|Costa Rica|=|=|=|=
CU|Kuba|Cuba|=|=|Kuuba
CV|Kap Verde|=|Kapp Verde|Cape Verde|Kap Verde
CW|Curaçao|=|=|=|=
CX|Julön|Juleøen|Christmasøya|Christmas Island|Joulusaari
CY|Cypern|=|Kypros|Cyprus|Kypros
CZ|Tjeckien|Tjekkiet|Tsjekkia|Czechia|Tšekki
DE|Tyskland|=|=|Germany|Saksa
DJ|Djibouti|=|=|=|=
DK|Danmark|=|=|Denmark|Tanska
DM|Dominica|=|=|=|=
DO|Dominikanska republiken|Den Dominikanske Republik|Den dominikanske republikk|Dominican Republic
|Dominikaaninen tasavalta
DZ|Algeriet|=|Algerie|Algeria|=
EC|Ecuador|=|=|=|=
EE|Estland|=|=|Estonia|Viro
EG|Egypten|=|Egypt|=|Egypti
EH|Västsahara|Vestsahara|Vest-Sahara|Western Sahara|Länsi-Sahara
ER|Eritrea|=|=|=|=
ES|Spanien|=|Spania|Spain|Espanja
ET|Etiopien|=|Etiopia|Ethiopia|Etiopia
FI|Finland|=|=|=|Suomi
FJ|Fiji|=|=|=|Fidži
FK|Falklandsöarna|Falklandsøerne|Falklandsøyene|Falkland Islands|Falklandinsaaret
FM|Mikronesien|=|Mikronesiaføderasjonen|Micronesia|Mikronesia
FO|Färöarna|Færøerne|Færøyene|Faroe Islands|Färsaaret
FR|Frankrike|Frankrig|Frankrike|France|Ranska
GA|Gabon|=|=|=|=
GB|Storbritannien|=|Storbritannia|United Kingdom|Iso-Britannia
GD|Grenada|=|=|=|=
GE|Georgien|=|Georgia|=|=
GF|Franska Guyana|Fransk Guyana|=|French Guiana|Ranskan Guayana
GG|Guernsey|=|=|=|=
GH|Ghana|=|=|=|=
GI|Gibraltar|=|=|=|=
GL|Grönland|Grønland|=|Greenland|Grönlanti
GM|Gambia|=|=|=|=
GN|Guinea|=|=|=|=
GP|Guadeloupe|=|=|=|=
GQ|Ekvatorialguinea|Ækvatorialguinea|Ekvatorial-Guinea|Equatorial Guinea|Päiväntasaajan Guinea
GR|Grekland|Grækenland|Hellas|Greece|Kreikka
GS|Sydgeorgien och Sydsandwichöarna|South Georgia og De Sydlige Sandwichøer
|Sør-Georgia og Sør-Sandwichøyene|South Georgia and the South Sandwich Islands
|Etelä-Georgia ja Eteläiset Sandwichsaaret
GT|Guatemala|=|=|=|=
GU|Guam|=|=|=|=
GW|Guinea-Bissau|=|=|=|=
GY|Guyana|=|=|=|=
HK|Hongkong|=|=|Hong Kong|Hongkong
HM|Heard- och McDonaldöarna|Heard Island og McDonald Islands|Heard- og McDonaldøyene
|Heard Island and McDonald Islands|Heard ja McDonaldinsaaret
HN|Honduras|=|=|=|=
HR|Kroatien|=|Kroatia|Croatia|Kroatia
HT|Haiti|=|=|=|=
HU|Ungern|Ungarn|=|Hungary|Unkari
ID|Indonesien|=|Indonesia|=|=
IE|Irland|=|=|Ireland|Irlanti
IL|Israel|=|=|=|=
IM|Isle of Man|=|Man|Isle of Man|Mansaari
IN|Indien|=|India|=|Intia
IO|Brittiska territoriet i Indiska oceanen|Det Britiske Territorium i Det Indiske Ocean
|Det britiske territoriet i Indiahavet|British Indian Ocean Territory|Brittiläinen Intian valtameren alue
IQ|Irak|=|=|Iraq|Irak
IR|Iran|=|=|=|=
IS|Island|=|=|Iceland|Islanti
IT|Italien|=|Italia|Italy|Italia
JE|Jersey|=|=|=|=
JM|Jamaica|=|=|=|Jamaika
JO|Jordanien|Jordan|=|=|Jordania
JP|Japan|=|=|=|Japani
KE|Kenya|=|=|=|Kenia
KG|Kirgizistan|Kirgisistan|=|Kyrgyzstan|Kirgisia
KH|Kambodja|Cambodja|Kambodsja|Cambodia|Kambodža
KI|Kiribati|=|=|=|=
KM|Komorerna|Comorerne|Komorene|Comoros|Komorit
KN|Saint Kitts och Nevis|Saint Kitts og Nevis|=|Saint Kitts and Nevis|Saint Kitts ja Nevis
KP|Nordkorea|=|Nord-Korea|North Korea|Pohjois-Korea
KR|Sydkorea|=|Sør-Korea|South Korea|Etelä-Korea
KW|Kuwait|=|=|=|=
KY|Caymanöarna|Caymanøerne|Caymanøyene|Cayman Islands|Caymansaaret
KZ|Kazakstan|Kasakhstan|=|Kazakhstan|Kazakstan
LA|Laos|=|=|=|=
LB|Libanon|=|=|Lebanon|Libanon
LC|Saint Lucia|=|=|=|=
LI|Liechtenstein|=|=|=|=
LK|Sri Lanka|=|=|=|=
LR|Liberia|=|=|=|=
LS|Lesotho|=|=|=|=
LT|Litauen|=|=|Lithuania|Liettua
LU|Luxemburg|Luxembourg|=|=|Luxemburg
LV|Lettland|Letland|Latvia|=|=
LY|Libyen|=|Libya|=|=
MA|Marocko|Marokko|=|Morocco|Marokko
MC|Monaco|=|=|=|=
MD|Moldavien|Moldova|=|=|=
ME|Montenegro|=|=|=|=
MF|Saint-Martin|=|=|=|=
MG|Madagaskar|=|=|Madagascar|Madagaskar
MH|Marshallöarna|Marshalløerne|Marshalløyene|Marshall Islands|Marshallinsaaret
MK|Nordmakedonien|=|Nord-Makedonia|North Macedonia|Pohjois-Makedonia
ML|Mali|=|=|=|=
MM|Myanmar|=|=|=|=
MN|Mongoliet|=|Mongolia|=|=
MO|Macao|=|=|=|=
MP|Nordmarianerna|Nordmarianerne|Nord-Marianene|Northern Mariana Islands|Pohjois-Mariaanit
MQ|Martinique|=|=|=|=
MR|Mauretanien|=|Mauritania|=|=
MS|Montserrat|=|=|=|=
MT|Malta|=|=|=|=
MU|Mauritius|=|=|=|=
MV|Maldiverna|Maldiverne|Maldivene|Maldives|Malediivit
MW|Malawi|=|=|=|=
MX|Mexiko|Mexico|=|=|Meksiko
MY|Malaysia|=|=|=|Malesia
MZ|Moçambique|Mozambique|Mosambik|Mozambique|Mosambik
NA|Namibia|=|=|=|=
NC|Nya Kaledonien|Ny Kaledonien|Ny-Caledonia|New Caledonia|Uusi-Kaledonia
NE|Niger|=|=|=|=
NF|Norfolkön|Norfolk Island|Norfolkøya|Norfolk Island|Norfolkinsaari
NG|Nigeria|=|=|=|=
NI|Nicaragua|=|=|=|=
NL|Nederländerna|Nederlandene|Nederland|Netherlands|Alankomaat
NO|Norge|=|=|Norway|Norja
NP|Nepal|=|=|=|=
NR|Nauru|=|=|=|=
NU|Niue|=|=|=|=
NZ|Nya Zeeland|New Zealand|=|=|Uusi-Seelanti
OM|Oman|=|=|=|=
PA|Panama|=|=|=|=
PE|Peru|=|=|=|=
PF|Franska Polynesien|Fransk Polynesien|Fransk Polynesia|French Polynesia|Ranskan Polynesia
PG|Papua Nya Guinea|Papua Ny Guinea|Papua Ny-Guinea|Papua New Guinea|Papua-Uusi-Guinea
PH|Filippinerna|Filippinerne|Filippinene|Philippines|Filippiinit
PK|Pakistan|=|=|=|=
PL|Polen|=|=|Poland|Puola
PM|Saint-Pierre och Miquelon|Saint-Pierre og Miquelon|=|Saint Pierre and Miquelon
|Saint-Pierre ja Miquelon
PN|Pitcairnöarna|Pitcairnøerne|Pitcairnøyene|Pitcairn Islands|Pitcairn
PR|Puerto Rico|=|=|=|=
PS|Palestina|=|=|Palestine|Palestiina
PT|Portugal|=|=|=|Portugali
PW|Palau|=|=|=|=
PY|Paraguay|=|=|=|=
QA|Qatar|=|=|=|=
RE|Réunion|=|=|=|=
RO|Rumänien|Rumænien|Romania|=|=
RS|Serbien|=|Serbia|=|=
RU|Ryssland|Rusland|Russland|Russia|Venäjä
RW|Rwanda|=|=|=|Ruanda
SA|Saudiarabien|Saudi-Arabien|Saudi-Arabia|Saudi Arabia|Saudi-Arabia
SB|Salomonöarna|Salomonøerne|Salomonøyene|Solomon Islands|Salomonsaaret
SC|Seychellerna|Seychellerne|Seychellene|Seychelles|Seychellit
SD|Sudan|=|=|=|=
SE|Sverige|=|=|Sweden|Ruotsi
SG|Singapore|=|=|=|=
SH|Sankta Helena|Sankt Helena|=|Saint Helena|=
SI|Slovenien|=|Slovenia|=|=
SJ|Svalbard och Jan Mayen|Svalbard og Jan Mayen|=|Svalbard and Jan Mayen|Huippuvuoret ja Jan Mayen
SK|Slovakien|Slovakiet|Slovakia|=|=
SL|Sierra Leone|=|=|=|=
SM|San Marino|=|=|=|=
SN|Senegal|=|=|=|=
SO|Somalia|=|=|=|=
SR|Surinam|=|=|Suriname|=
SS|Sydsudan|=|Sør-Sudan|South Sudan|Etelä-Sudan
ST|São Tomé och Príncipe|São Tomé og Príncipe|=|São Tomé and Príncipe|São Tomé ja Príncipe
SV|El Salvador|=|=|=|=
SX|Sint Maarten|=|=|=|=
SY|Syrien|=|Syria|=|Syyria
SZ|Eswatini|=|=|=|=
TC|Turks- och Caicosöarna|Turks- og Caicosøerne|Turks- og Caicosøyene|Turks and Caicos Islands
|Turks- ja Caicossaaret
TD|Tchad|=|Tsjad|Chad|Tšad
TF|Franska sydterritorierna|De Franske Sydlige Territorier|De franske sørterritorier
|French Southern Territories|Ranskan eteläiset alueet
TG|Togo|=|=|=|=
TH|Thailand|=|=|=|Thaimaa
TJ|Tadzjikistan|Tadsjikistan|=|Tajikistan|Tadžikistan
TK|Tokelau|=|=|=|=
TL|Östtimor|Østtimor|Øst-Timor|Timor-Leste|Itä-Timor
TM|Turkmenistan|=|=|=|=
TN|Tunisien|Tunesien|Tunisia|=|=
TO|Tonga|=|=|=|=
TR|Turkiet|Tyrkiet|Tyrkia|Turkey|Turkki
TT|Trinidad och Tobago|Trinidad og Tobago|=|Trinidad and Tobago|Trinidad ja Tobago
TV|Tuvalu|=|=|=|=
TW|Taiwan|=|=|=|=
TZ|Tanzania|=|=|=|Tansania
UA|Ukraina|Ukraine|Ukraina|Ukraine|Ukraina
UG|Uganda|=|=|=|=
UM|Förenta staternas småöar i Oceanien|USA’s ydre småøer|USAs ytre øyer
|United States Minor Outlying Islands|Yhdysvaltain erillissaaret
US|USA|=|=|United States|Yhdysvallat
UY|Uruguay|=|=|=|=
UZ|Uzbekistan|Usbekistan|=|Uzbekistan|=
VA|Vatikanstaten|=|=|Vatican City|Vatikaani
VC|Saint Vincent och Grenadinerna|Saint Vincent og Grenadinerne|Saint Vincent og Grenadinene
|Saint Vincent and the Grenadines|Saint Vincent ja Grenadiinit
VE|Venezuela|=|=|=|=
VG|Brittiska Jungfruöarna|De Britiske Jomfruøer|De britiske jomfruøyene|British Virgin Islands
|Brittiläiset Neitsytsaaret
VI|Amerikanska Jungfruöarna|De Amerikanske Jomfruøer|De amerikanske jomfruøyene|US Virgin Islands
|Yhdysvaltain Neitsytsaaret
VN|Vietnam|=|=|=|=
VU|Vanuatu|=|=|=|=
WF|Wallis och Futuna|Wallis og Futuna|=|Wallis and Futuna|Wallis ja Futuna
WS|Samoa|=|=|=|=
YE|Jemen|Yemen|Jemen|Yemen|Jemen
YT|Mayotte|=|=|=|=
ZA|Sydafrika|=|Sør-Afrika|South Africa|Etelä-Afrikka
ZM|Zambia|=|=|=|Sambia
ZW|Zimbabwe|=|=|=|=
"""

# Words that stand for one another in names: "Antigua & Barbuda", "S:t Lucia".
_SAME_WORD = dict.fromkeys(("och", "og", "and", "ja"), "&") | dict.fromkeys(
    ("s:t", "st.", "st", "sankt", "sankta"), "saint"
)

# What people and older programs also write. One country a line.
_ALSO = """
AE|UAE|Förenade Arab Emiraten|Yhdistyneet arabiemiirikunnat
AX|Ålandsøerne|Ålandsøyene|Aland
BA|Bosnien|Bosnia|Bosnien och Herzegovina|Bosnia-Herzegovina
BN|Brunei Darussalam
BY|Vitryssland|Hviderusland|Hviterussland|Belorussia
CD|Demokratiska republiken Kongo|Democratic Republic of the Congo|DR Congo|DR Kongo|Congo - Kinshasa
CG|Congo - Brazzaville|Republiken Kongo|Republic of the Congo
CH|Suisse|Svizzera
CI|Ivory Coast|Cote d'Ivoire
CN|Folkrepubliken Kina|People's Republic of China
CV|Cabo Verde
CZ|Tjeckiska republiken|Czech Republic|Den Tjekkiske Republik|Tšekin tasavalta|Cesko
DE|Deutschland|Förbundsrepubliken Tyskland|Saksan liittotasavalta
ES|España
FO|Føroyar|Faeroe Islands
GB|UK|U.K.|Great Britain|Britain|England|Skottland|Skotland|Scotland|Wales|Nordirland|Nord-Irland
|Northern Ireland|Förenade kungariket|Det Forenede Kongerige|Yhdistynyt kuningaskunta|Englanti|Skotlanti
|United Kingdom of Great Britain and Northern Ireland
HK|Hong-Kong|Hongkong SAR|Hong Kong SAR China
IE|Republiken Irland|Republic of Ireland|Eire|Éire
IR|Islamic Republic of Iran
KP|Democratic People's Republic of Korea
KR|Korea|Republic of Korea|Korean tasavalta
KZ|Kazachstan|Kasakstan
LA|Lao People's Democratic Republic
MD|Moldavia|Republic of Moldova
MK|Makedonien|Makedonia|Macedonia|FYROM
MM|Burma|Myanmar (Burma)
MO|Macau|Macao SAR|Macao SAR China
NL|Holland|The Netherlands|Hollanti
NO|Noreg
NZ|Nya Zealand
PS|Palestinian Territories|Palestinska territorierna|Palæstina|State of Palestine
RU|Ryska federationen|Russian Federation
SA|Saudi Arabien|Kingdom of Saudi Arabia
SE|Schweden|Konungariket Sverige|Kingdom of Sweden
SK|Slovakiska republiken|Slovak Republic
SY|Syrian Arab Republic
SZ|Swaziland|Swazimaa
TL|East Timor
TR|Türkiye
TW|Republic of China
TZ|Tanzanien
US|U.S.A.|U.S.|Förenta staterna|Amerikas förenta stater|United States of America|De forenede stater
|De forente stater|Amerikan yhdysvallat|Amerika
VA|Vatikanen|Vatikanet|Heliga stolen|Holy See
VN|Viet Nam
ZA|Republic of South Africa
"""


def code_of(name: str) -> str | None:
    """
    The ISO 3166-1 alpha-2 code of a country named in any of `LANGUAGES`; None when nobody calls a country so.

    Capitals, outer and repeated spaces and the way accents are composed do not matter. A code is its own
    name. Kosovo has no code of its own in the standard, and is None.
    """
    return _codes().get(_folded(name))


def name_of(code: str, language: str = "sv") -> str | None:
    """The name of the country `code` in one of `LANGUAGES`; None for another code or another language."""
    names = _names().get(code.strip().upper())
    if names is None or language not in LANGUAGES:
        return None
    return names[LANGUAGES.index(language)]


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Code to its five names, in the order of `LANGUAGES`."""
    names: dict[str, tuple[str, ...]] = {}
    for code, *columns in _rows(_TABLE):
        row: list[str] = []
        for column in columns:
            row.append(row[-1] if column == "=" else column)
        names[code] = tuple(row)
    return names


@cache
def _codes() -> dict[str, str]:
    """Every accepted spelling, folded, to its code."""
    codes = {_folded(also): code for code, *others in _rows(_ALSO) for also in others}
    codes |= {_folded(name): code for code, names in _names().items() for name in names}
    return codes | {_folded(code): code for code in _names()}


def _rows(table: str) -> list[list[str]]:
    return [line.split("|") for line in table.strip().replace("\n|", "|").split("\n")]


def _folded(name: str) -> str:
    words = unicodedata.normalize("NFC", name.casefold()).replace("’", "'").split()
    if len(words) == 1:  # "ST" alone is the code of São Tomé och Príncipe
        return words[0]
    return " ".join(_SAME_WORD.get(word, word) for word in words)
