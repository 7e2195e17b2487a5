"""
What may be wrong with a credential or a consent: named with its place and remedy, and no write is sent.
"""

from __future__ import annotations

import base64
import datetime as dt
import json

import msgspec
import pytest

from daemon import cli
from daemon.core.report import ConnectorReport
from daemon.errors import DaemonError, Gone, GrantError, Misfit, Refused, StateBusy, Unreachable, Unusable
from daemon.service.operate import exit_code
from daemon.service.runner import STATES, report_of
from tests.badinput.spoiled import Answer, Spoil, SpoiledTown

pytestmark = pytest.mark.row("D3", "D10")

JSON = {"content-type": "application/json"}


def no(error, status=400):
    """What a token endpoint refuses with (RFC 6749 5.2)."""
    return Answer(status, JSON, json.dumps({"error": error, "error_description": "Nej."}).encode())


def token(scope=None, tenant=1234567, **more):
    """A token endpoint's yes."""
    claims = base64.urlsafe_b64encode(json.dumps({"tenantId": tenant}).encode()).decode().rstrip("=")
    body = {"access_token": f"head.{claims}.sign", "expires_in": 3600, "scope": scope, **more}
    return Answer(200, JSON, json.dumps(body).encode())


FULL = "article companyinformation customer settings"
FORTNOX = [
    # what they answer, answer, code, what to do
    ("a wrong secret", no("invalid_client", 401), "AUT04", "put the right secret"),
    ("not for this integration", no("unauthorized_client"), "AUT04", "put the right secret"),
    ("a withdrawn consent", no("invalid_grant"), "AUT05", "fortnox-syncd authorize sandbox"),
    ("a person who said no", no("access_denied", 403), "AUT05", "fortnox-syncd authorize sandbox"),
    ("a scope that is not ticked", no("invalid_scope"), "AUT07", "developer portal"),
    ("fewer scopes than asked for", token("customer companyinformation"), "AUT07", "developer portal"),
    ("another company's token", token(FULL, tenant=7654321), "AUT10", "authorize as the company"),
    (
        "a no that gives no reason",
        Answer(403, JSON, b'{"message": "no"}'),
        "AUT05",
        "fortnox-syncd authorize sandbox",
    ),
    ("a no called success", no("invalid_grant", 200), "AUT05", "fortnox-syncd authorize sandbox"),
    ("a yes without a token", Answer(200, JSON, b'{"expires_in": 3600}'), "JSN09", "report it"),
    ("a token that is a number", token(FULL, access_token=5), "JSN09", "report it"),
    ("a token of blanks", token(FULL, access_token="  "), "JSN09", "report it"),
    ("a token no header can hold", token(FULL, access_token="å\r\nX: y"), "JSN09", "report it"),
    ("a page", Answer(200, {}, b"<html>"), "NET08", "look whether a proxy"),
    ("a refusal of a proxy", Answer(403, {}, b"<html>"), "NET08", "look whether a proxy"),
    ("nothing", Answer(200, JSON, b""), "NET08", "look whether a proxy"),
    ("a failure of theirs", Answer(502, {}, b"<html>"), "NET11", "nothing"),
    ("slow down", Answer(429, {"retry-after": "9"}, b""), "NET09", "nothing"),
]
WEBCRM = [
    ("a wrong token", Answer(401, JSON, b'{"Message": "No"}'), "AUT04", "put the right secret"),
    ("a revoked token", Answer(400, JSON, b'{"Message": "No"}'), "AUT04", "put the right secret"),
    ("a no called success", Answer(200, JSON, b'{"IsError": true}'), "AUT04", "put the right secret"),
    ("nothing", Answer(200, JSON, b""), "NET08", "look whether a proxy"),
    ("a page", Answer(200, {}, b"<html>"), "NET08", "look whether a proxy"),
    ("a failure of theirs", Answer(500, JSON, b'{"Message": "x"}'), "NET11", "nothing"),
    ("slow down", Answer(429, JSON, b'{"RetryAfterSeconds":3}'), "NET09", "nothing"),
]
LOGINS = [("/oauth-v1/token", *row) for row in FORTNOX] + [("/Auth/ApiLogin", *row) for row in WEBCRM]


@pytest.mark.parametrize(
    ("path", "answer", "code", "todo"),
    [(row[0], *row[2:]) for row in LOGINS],
    ids=[f"{row[0]}: {row[1]}" for row in LOGINS],
)
async def test_a_refused_or_odd_login_is_named_and_nothing_is_written(town, path, answer, code, todo):
    """The pass ends with its code; when the login is sound again, all goes on by itself."""
    town.people.new_customer(Name="Alfa AB")
    town.people.new_organisation("Beta AB")
    async with town.running():
        town.answers("POST", path, answer)
        with pytest.raises(DaemonError) as caught:
            await town.sync()
        assert code == caught.value.code
        assert todo in caught.value.todo
        assert (caught.value.exit_code == 77) == code.startswith("AUT")
        assert "sandbox-secret" not in str(caught.value)
        assert [] == town.writes()
        town.spoils.clear()
        town.wait(minutes=5)
        await town.sync()
    assert 2 == len(town.people.customers()) == len(town.people.organisations())


@pytest.mark.parametrize("life", ["nan", "inf", "-1", "soon", None, [], "9" * 5000], ids=repr)
async def test_an_odd_life_of_a_token_does_not_end_anything(town, life):
    """The token is used as if nothing had been said."""
    town.people.new_customer(Name="Alfa AB")

    def altered(answer):
        name = "AccessTokenExpiresIn" if "AccessToken" in answer else "expires_in"
        return {**answer, name: life, "ExpiresIn": life}

    town.alters("POST", "/oauth-v1/token", altered)
    town.alters("POST", "/Auth/ApiLogin", altered)
    async with town.running():
        assert "ok" == (await town.sync()).outcome
        assert await town.vendors.companies()
    assert 1 == len(town.people.organisations())


RIGHTS = [
    # their code                          code    what to do
    (2000663, "AUT07", "Developer Portal"),
    (2001101, "AUT11", "buy the licence"),
    (2001103, "AUT11", "buy the licence"),
    (2003275, "AUT09", "Administrera användare"),
]


@pytest.mark.parametrize(("number", "code", "todo"), RIGHTS, ids=[str(row[0]) for row in RIGHTS])
@pytest.mark.parametrize("path", ["/3/companyinformation", "/3/customers"])
async def test_a_right_scope_or_licence_that_is_missing_names_the_menu(town, path, number, code, todo):
    """Exit 77 however it is met, by the pass and by `check`."""
    body = json.dumps({"ErrorInformation": {"error": 1, "message": "Nej.", "code": number}}).encode()
    town.answers("GET", path, Answer(403, JSON, body))
    async with town.running():
        try:
            report = await town.sync()
        except DaemonError as error:
            report = report_of("webcrm", error)
        failed = [each for each in await town.vendors.check() if not each.ok]
    assert (report.outcome, exit_code([report], dry_run=False)) == ("grant", 77)
    assert report.error.startswith(code) and todo in report.error
    assert code in {each.code for each in failed} and any(todo in each.todo for each in failed)


async def test_a_consent_of_another_company_stops_before_the_first_write(town):
    """AUT10, although the token looked right."""
    town.people.new_organisation("Beta AB")

    def other(answer):
        answer["CompanyInformation"]["DatabaseNumber"] = 7654321
        return answer

    town.alters("GET", "/3/companyinformation", other)
    async with town.running():
        with pytest.raises(GrantError, match=r"AUT10.*7654321"):
            await town.sync()
    assert [] == town.writes()


async def test_without_a_consent_the_command_is_named(town):
    """AUT03, and nobody is asked for a token."""
    town.configure('kind = "webcrm"', 'kind = "webcrm"')
    town.configure("tenant_id", 'grant = "authorization_code"\ntenant_id')
    async with town.running():
        with pytest.raises(GrantError, match=r"AUT03.*fortnox-syncd authorize sandbox"):
            await town.sync()
    assert [] == [each for each in town.requests("fortnox") if "token" in each["path"]]


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_clock_that_is_wrong_is_told_and_loses_nothing(town, hours):
    """AUT12 from `check`; a pass goes by the vendor's clock."""

    def wrong(reply):
        return msgspec.structs.replace(reply, server_time=reply.received_at + dt.timedelta(hours=hours))

    for path in ("/3/*", "/Queries"):
        town.spoils.append(Spoil("GET", path, wrong, applied=True))
    town.people.new_customer(Name="Alfa AB")
    async with town.running():
        (failed,) = [each for each in await town.vendors.check() if not each.ok]
        assert ("AUT12", "set the clock (timedatectl set-ntp true)") == (failed.code, failed.todo)
        await town.sync()
    assert 1 == len(town.people.organisations())


# ------------------------------------------------------------------ secrets


def secret_of(town: SpoiledTown, name: str):
    """The file that the written config names for a secret."""
    (path,) = [path for path in (town.folder / "credentials").iterdir() if name in path.name]
    return path


SECRETS = [
    # what is wrong, what somebody did, code, what to do
    ("it is absent", lambda path: path.unlink(), "AUT01", "make it"),
    ("it is empty", lambda path: path.write_text("\n"), "AUT01", "write the secret into it"),
    ("it is a folder", lambda path: (path.unlink(), path.mkdir()), "AUT01", "make it"),
    ("it is no text", lambda path: path.write_bytes(b"\xff\xfe"), "AUT01", "make it"),
    ("the group may read it", lambda path: path.chmod(0o640), "AUT02", "chmod 600"),
    ("all may read it", lambda path: path.chmod(0o604), "AUT02", "chmod 600"),
]


@pytest.mark.parametrize("name", ["client_secret", "auth_code"])
@pytest.mark.parametrize(("spoil", "code", "todo"), [s[1:] for s in SECRETS], ids=[s[0] for s in SECRETS])
def test_a_secret_that_cannot_be_used_is_told_by_check(town, capsys, name, spoil, code, todo):
    """One line with the key, the file and what to do; exit 77; the file's content is not shown."""
    path = secret_of(town, name)
    spoil(path)
    assert 77 == cli.main(["check", "--config", str(town.config_path)])
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith(f"{code}  ") and name in line and str(path) in line
    assert line.rpartition(" · ")[2].startswith(todo)


# ------------------------------------------------------------------ what an error that ends a pass counts as

ENDS = [
    # what ended the pass, error, outcome, state, exit
    ("the config names what is not there", Misfit("CRM01", "a", "b", "c"), "config", "misfit", 78),
    ("nobody consented", GrantError("AUT03", "a", "b", "c"), "grant", "no_grant", 77),
    ("a reading that needs a right", Refused("AUT09", "a", "b", "c"), "grant", "no_grant", 77),
    ("a reading that is refused", Refused("NET10", "a", "b", "c"), "unreachable", "away", 69),
    ("a register that is not there", Gone("NET13", "a", "b", "c"), "unreachable", "away", 69),
    ("nobody answers", Unreachable("NET02", "a", "b", "c"), "unreachable", "away", 69),
    ("an answer that is none", Unusable("JSN02", "a", "b", "c"), "unreachable", "away", 69),
    ("the state is held by another", StateBusy("DBS01", "a", "b", "c"), "state", "no_state", 74),
]


@pytest.mark.parametrize(
    ("error", "outcome", "state", "code"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS]
)
def test_what_ended_a_pass_decides_outcome_state_and_exit_code(error, outcome, state, code):
    """In `sync`, in `status`, and for whoever reads the exit code."""
    report = report_of("crm", error)
    assert (outcome, str(error)) == (report.outcome, report.error)
    assert (state, code) == (STATES[outcome], exit_code([report], dry_run=False))


def test_a_config_that_does_not_fit_comes_first():
    """Before a consent, which may be missing for that very reason."""
    reports = [ConnectorReport(name="a", outcome="grant"), ConnectorReport(name="b", outcome="config")]
    assert 78 == exit_code(reports, dry_run=False)
