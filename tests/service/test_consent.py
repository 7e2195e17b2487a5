"""The address that a person opens to consent."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from daemon.config import Company, SecretRef
from daemon.service.consent import consent_url


@pytest.mark.parametrize(
    ("grant", "account"), [("client_credentials", ["service"]), ("authorization_code", None)]
)
def test_the_consent_page_is_asked_for_what_the_grant_needs(grant, account):
    """fortnox.md 2.1: offline access, scopes parted by blanks, a service account for client credentials."""
    company = Company(
        client_id="id",
        tenant_id="1",
        client_secret=SecretRef(file="secret"),
        grant=grant,
        scopes=("article", "customer"),
        auth_url="https://apps.example",
    )
    url = urlsplit(consent_url(company, "st/ate"))
    query = parse_qs(url.query)
    assert ("apps.example", "/oauth-v1/auth") == (url.netloc, url.path)
    assert "scope=article%20customer" in url.query
    assert (["code"], ["offline"], ["st/ate"], account) == (
        query["response_type"],
        query["access_type"],
        query["state"],
        query.get("account_type"),
    )
