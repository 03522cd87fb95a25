"""Whom a token stands for."""

from mock_meta.business.accounts import Account, Accounts
from mock_meta.business.apps import App, TokenState


def registry() -> tuple[Accounts, Account, Account]:
    """Two accounts of one app, the second with another app beside it."""
    first = Account("1", App("10", access_token="EAA1", app_secret="s"))
    second = Account("2", App("10", access_token="EAA2", app_secret="s"), other_apps=[App("20", access_token="EAAx")])
    accounts = Accounts()
    accounts.put(first)
    accounts.put(second)
    return accounts, first, second


def test_a_users_token_opens_its_accounts() -> None:
    accounts, first, second = registry()
    assert accounts.caller("EAA1").accounts == [first]
    assert accounts.caller("EAAx").accounts == [second]
    assert accounts.caller("EAAx").app is second.other_apps[0]
    assert accounts.caller("EAAx").account_of_app("10") is None
    assert accounts.caller("EAAx").account_of_app("20") is second


def test_an_apps_own_token_opens_nothing_and_speaks_for_all_it_serves() -> None:
    accounts, first, second = registry()
    caller = accounts.caller("10|s")
    assert (caller.accounts, caller.served, caller.account_of_app("10")) == ([], [first, second], first)


def test_nobody_is_behind_a_token_that_nobody_issued() -> None:
    accounts, _, _ = registry()
    for token in (None, "", "EAA", "10|wrong", "10|"):
        caller = accounts.caller(token)
        assert (caller.accounts, caller.served, caller.app) == ([], [], None)


def test_a_token_is_as_good_as_its_app_says_now() -> None:
    accounts, first, _ = registry()
    first.app.token_state = TokenState.EXPIRED
    assert accounts.caller("EAA1").token_state is TokenState.EXPIRED
    assert accounts.caller("EAA2").token_state is TokenState.VALID


def test_a_token_that_was_replaced_opens_nothing() -> None:
    accounts, first, _ = registry()
    first.app.access_token = "EAA9"
    accounts.put(first)
    assert accounts.caller("EAA1").accounts == []
    assert accounts.caller("EAA9").accounts == [first]
