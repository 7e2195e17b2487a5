"""
Every error code: what it means and what a person can do about it. Pure data.

An error's own text says more (which file, which record); this is its first
half and the line in the README. A document test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Code(NamedTuple):
    """One code: what happened, and the remedy in one line."""

    what: str
    remedy: str


ITSELF: Final = "nothing; it is tried again by itself"
UNSEEN: Final = frozenset({"ZRP02", "TIL03"})  # parked for what nobody has seen: there is nothing to retry
SETTLES: Final = "nothing; a read is repeated, and after a write it is looked up whether it took effect"

NETWORK: Final = {
    "NET01": Code("the host name cannot be resolved", "check the URL, and DNS on this host"),
    "NET02": Code("no connection, or no answer in time", "check the network and the firewall"),
    "NET03": Code("no verified TLS connection", "check their certificate, and CA store and clock here"),
    "NET04": Code("they redirect to another address; not followed", "set the URL to the real address"),
    "NET05": Code("the answer is larger than 16 MiB", SETTLES),
    "NET07": Code("the connection broke before the answer was whole", SETTLES),
    "NET08": Code("the answer is not JSON", "look whether a proxy or a maintenance page answers for them"),
    "NET09": Code("they ask us to slow down", "nothing; if frequent, see who else uses this client id"),
    "NET10": Code(
        "they refuse this request",
        "read their answer; mend the record and retry it, or the address in the config",
    ),
    "NET11": Code("their server failed", SETTLES),
    "NET12": Code("the answer's headers are larger than 64 kB", SETTLES),
    "NET13": Code(
        "they do not know this record or address", "see whether it was deleted there, else check the URL"
    ),
    "NET14": Code("the answer is not HTTP as we know it", SETTLES),
    "NET15": Code("the daemon stops, and this write was not begun", "nothing; the next start goes on"),
}

SHAPE: Final = {
    "JSN01": Code("the answer is empty", SETTLES),
    "JSN02": Code("the answer is malformed JSON", SETTLES),
    "JSN04": Code("the answer is not UTF-8", SETTLES),
    "JSN05": Code("the answer is nested too deeply", SETTLES),
    "JSN06": Code("the answer lacks its documented wrapper", "report it with the route shown"),
    "JSN08": Code("a value has the wrong type or an absurd size", "report it with the path shown"),
    "JSN09": Code("a value that must be there is missing", "report it with the path shown"),
    "JSN14": Code("an error inside an answer that says success", "read their answer"),
    "JSN15": Code("a list changed its length, or repeated a page, each time it was read", ITSELF),
    "JSN16": Code("a search shows what was not asked for", "report it; nothing is created until then"),
    "JSN17": Code(
        "a search or a list does not show what is there",
        "report it when it lasts; nothing is created there until then",
    ),
}

GRANTS: Final = {
    "AUT01": Code("a credential is absent", "make the file or the credential that is named"),
    "AUT02": Code("a credential file can be read by others", "chmod 600 the file that is named"),
    "AUT03": Code("nobody has given consent yet", "run fortnox-syncd authorize COMPANY"),
    "AUT04": Code(
        "the credentials are refused",
        "put the right secret in the place that is named: from Fortnox' developer portal, "
        "or webCRM, Configuration > Integration > API > REST",
    ),
    "AUT05": Code("the consent is used up, expired or withdrawn", "run fortnox-syncd authorize COMPANY"),
    "AUT06": Code("a renewal was cut off and the consent is lost", "run fortnox-syncd authorize COMPANY"),
    "AUT07": Code(
        "a scope is missing",
        "tick it in the developer portal, then run fortnox-syncd authorize COMPANY",
    ),
    "AUT08": Code("the access token is not accepted", ITSELF),
    "AUT09": Code(
        "the user or the token lacks a right",
        "grant it: Fortnox, Administrera användare; webCRM, Configuration > Integration; or at the till",
    ),
    "AUT10": Code(
        "the token belongs to another company", "authorize as the company whose tenant_id is configured"
    ),
    "AUT11": Code(
        "a licence is missing in Fortnox",
        "buy it in Fortnox, company menu, Administrera användare; then try again",
    ),
    "AUT12": Code("the clock of this host is wrong", "timedatectl set-ntp true"),
}

WEBCRM: Final = {
    "CRM01": Code("a field does not exist in webCRM", "create it there, or name another in field_map"),
    "CRM02": Code(
        "a type that takes part is not in webCRM's list",
        "add it to the list Type, or name others in company_types",
    ),
    "CRM03": Code("a Data field of the catalogue is not in use", "switch it on in webCRM's configuration"),
}

RECORDS: Final = {
    "REC02": Code("a linked record was deleted on one side", "retire it on the other side, then ignore"),
    "REC03": Code("Fortnox does not know the customer", "look for the customer in Fortnox, Kunder"),
    "REC04": Code("an article number has a character not accepted", "use A-Z a-z 0-9 _ - / +"),
    "REC05": Code("the customer number is taken, perhaps by a deleted one", "use another customer number"),
    "REC06": Code("webCRM owns the numbers and this one is empty", "type it in webCRM; it crosses by itself"),
    "REC07": Code("several records may be the twin", "give them different values or one number, then retry"),
    "REC08": Code("a text is empty, or nothing is left of it", "write one with letters or digits"),
    "REC09": Code("a text that Fortnox does not accept", "retype the text"),
    "REC10": Code("a text is too long for the other side", "shorten the text"),
    "REC13": Code("a document has no rows, or a row no article", "complete the rows; it crosses"),
    "REC14": Code("an article is unknown, inactive or its number taken", "see Fortnox, Artiklar, then retry"),
    "REC15": Code(
        "a quantity, price or discount that Fortnox cannot hold",
        "write it with two decimals, so that the row comes to the same",
    ),
    "REC16": Code(
        "a document does not add up: rows, total, or a return without a minus", "correct what is wrong"
    ),
    "REC17": Code("a VAT rate that Fortnox does not take", "choose another rate for the row"),
    "REC18": Code(
        "a value is not in the other side's list, or an account cannot be used as it is",
        "add it to the list that is named (Fortnox, Inställningar, Betalningsvillkor), then retry",
    ),
    "REC19": Code(
        "a currency is unknown", "add it in Fortnox, Inställningar, Valutor, or to webCRM's list, then retry"
    ),
    "REC20": Code("the VAT number is not valid", "correct it, with its country letters"),
    "REC21": Code("a date is missing or impossible", "correct the date; it crosses by itself"),
    "REC22": Code("no financial year holds the date", "make the year in Fortnox; it is booked then"),
    "REC23": Code(
        "the period is locked in Fortnox",
        "choose a later date; or unlock it in Fortnox, Inställningar, Bokföring, Låst period, then retry",
    ),
    "REC24": Code(
        "the Fortnox document takes no more changes",
        "make the change in Fortnox, credit the invoice there, or undo the edit",
    ),
    "REC26": Code("an article has no price in the price list", "set one in Fortnox; it then crosses"),
    "REC99": Code("the other side refuses the record", "read their answer, correct it, then retry"),
}

TILL: Final = {
    "ZRP01": Code("a Z-report does not balance", "look at it in the till; book it by hand and ignore it"),
    "ZRP02": Code(
        "a Z number was passed over", "see where it is; it is booked when it comes, else ignore it"
    ),
    "ZRP03": Code("a Z-report holds what is no amount", "look at it in the till, then retry"),
    "ZRP04": Code("a row of a Z-report has no account", "give it one in the register, or in `accounts`"),
    "ZRP05": Code("a Z-report does not name its register, number or time", "look at it in the till"),
    "ZRP07": Code(
        "a Z-report holds sales on invoice, which an order books once more",
        "have the register leave them out; book this one by hand and ignore it",
    ),
    "ZRP08": Code(
        "the sales on invoice in a Z-report cannot be told apart",
        "book it by hand without those sales, and ignore it",
    ),
    "STK01": Code("the stock is kept in Fortnox' warehouse module", "set stock = false"),
    "STK02": Code("the stock call works the other way round", "set positive_is_decrease to its opposite"),
    "TIL01": Code(
        "a register is not in the vendor's list", "name one that it has, or get the right to see it"
    ),
    "TIL02": Code("a register has not been heard of since its last sales day", "start it, with a network"),
    "TIL03": Code("sales on invoice are, or soon will be, shown no more", "compare those days by hand"),
    "TIL04": Code("the till gives no PDF of a Z-report", "see it there; then retry, or ignore it"),
}

INTENTS: Final = {
    "INT01": Code("something that may be this record is there", "link or remove it there, then retry"),
    "INT02": Code("sent three times, or acknowledged, and never found", "look for it there, then retry"),
    "INT03": Code(
        "our reference is on more than one record",
        "look at both; take our reference out of one that stands by itself, cancel or credit a copy",
    ),
}

CONFIG: Final = {
    "CFG01": Code("the config file cannot be read", "make it, or name another with --config"),
    "CFG02": Code("the config file is not plain UTF-8", "save it as plain UTF-8"),
    "CFG03": Code("the config file is not TOML", "correct the line that is named"),
    "CFG04": Code("a key is not known", "use the nearest known key that is named, or remove it"),
    "CFG05": Code("a value has the wrong type", "write what is wanted"),
    "CFG06": Code("a value is out of range or not a choice", "use the range or the choices that are named"),
    "CFG07": Code("a required key is missing", "write it"),
    "CFG08": Code("a secret is written in the config", "move it to a file of mode 600 or a credential"),
    "CFG09": Code("an address is not https, or holds a password", "write https://HOST"),
    "CFG12": Code(
        "a value does not exist in Fortnox, is not fit for it, or is another connector's",
        "choose one that does: fortnox-syncd choices COMPANY",
    ),
    "CFG13": Code("two settings contradict each other", "change the one that is named"),
    "CFG15": Code("the config file needs a newer program", "upgrade fortnox-syncd"),
    "CFG17": Code("the config file is empty", "start from config.example.toml"),
    "CFG18": Code("a kind of connector is not known", "use one of those named"),
    "CFG19": Code("a connector names a company that is not there", "write the company's section"),
    "CFG20": Code("the state key is missing or unusable", "put back the key the state was sealed with"),
    "CFG21": Code("two connectors join the same account and company", "keep one of them"),
    "CFG22": Code("a change needs a restart", "systemctl restart fortnox-syncd"),
    "CFG23": Code("two companies are the same tenant", "keep one of them"),
}

STATE: Final = {
    "DBS01": Code("another fortnox-syncd holds the state", "stop it, or use its control socket"),
    "DBS02": Code("the state cannot be written", "free space or mend the folder's owner and mode"),
    "DBS03": Code("the state file is damaged", "keep the file and restore the last backup"),
    "DBS04": Code("the state was written by a newer program", "start the newer version again"),
    "DBS05": Code(
        "the state may be older than what was done: a copy put back, or not closed",
        "nothing; until the time that is told no record is created and rows of documents wait",
    ),
}

CONTROL: Final = {
    "CTL01": Code("the id or name is not known", "look it up with the listing command, then repeat"),
    "CTL02": Code("a command was given something it does not take", "see its --help"),
    "CTL03": Code("only a running daemon can do this", "start it: fortnox-syncd run"),
    "CTL04": Code("a socket of ours cannot be opened", "see that the folder exists and nothing else uses it"),
    "CTL05": Code("the daemon does not answer in time", "see its log, then repeat"),
    "CTL06": Code("the daemon is stopping", "repeat when it runs again"),
    "CTL07": Code("something unforeseen happened", "see the log at the id that is named, and report it"),
    "CTL08": Code("the consent was not given", "run fortnox-syncd authorize COMPANY again"),
}

SANDBOX: Final = {
    "SBX01": Code("the sandbox's port cannot be opened", "choose another with --listen; 0 is any free one"),
    "SBX02": Code("the sandbox only listens on loopback", "write it like 127.0.0.1:8700"),
    "SBX03": Code("the sandbox cannot write its config", "use another folder, or an interval like 2s"),
}

CODES: Final[Mapping[str, Code]] = {
    **NETWORK,
    **SHAPE,
    **GRANTS,
    **WEBCRM,
    **RECORDS,
    **TILL,
    **INTENTS,
    **CONFIG,
    **STATE,
    **CONTROL,
    **SANDBOX,
}
