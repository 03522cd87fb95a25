"""META-01: the verification handshake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.meta.webhook_payloads import MetaSide


pytestmark = pytest.mark.usefixtures("hears")
Row = dict[str, Any]
CHALLENGE = "1158201444"
WRONG_TOKENS: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "another": lambda _: "x",
    "cut": lambda t: t[:-1],
    "first character": lambda t: t[:1],
    "without its first": lambda t: t[1:],
    "longer": lambda t: f"{t}x",
    "other case": lambda t: t.swapcase(),
    "blank before": lambda t: f" {t}",
    "blank after": lambda t: f"{t} ",
    "undefined": lambda _: "undefined",
    "null": lambda _: "null",
    "same length": lambda t: "*" * len(t),
}


@requirement("META-01")
@pytest.mark.parametrize("challenge", [CHALLENGE, "4294967297", "7"])
@pytest.mark.parametrize(
    "order", [("mode", "challenge", "verify_token"), ("verify_token", "challenge", "mode")], ids="-".join
)
def test_the_right_token_gets_the_challenge(meta_side: MetaSide, challenge: str, order: tuple[str, ...]) -> None:
    known = {"mode": "subscribe", "challenge": challenge, "verify_token": meta_side.verify_token}
    exchange = meta_side.handshake(**{name: known[name] for name in order})
    expect.status(exchange, 200)
    expect.equal(exchange.text, challenge, "the body", exchange)


@requirement("META-01")
@pytest.mark.parametrize("change", WRONG_TOKENS)
def test_a_wrong_token_is_refused(meta_side: MetaSide, change: str) -> None:
    token = WRONG_TOKENS[change](meta_side.verify_token)
    if token == meta_side.verify_token:
        raise Lacking("this change leaves the deployment's token as it is")
    exchange = meta_side.handshake(mode="subscribe", challenge=CHALLENGE, verify_token=token)
    expect.that(exchange.status is not None and 400 <= exchange.status < 500, "a 4xx", exchange.summary, exchange)
    expect.that(CHALLENGE not in exchange.text, "no challenge in the answer", exchange.excerpt, exchange)


@requirement("META-01")
def test_a_missing_token_is_refused(meta_side: MetaSide) -> None:
    exchange = meta_side.handshake(mode="subscribe", challenge=CHALLENGE)
    expect.that(exchange.status is not None and 400 <= exchange.status < 500, "a 4xx", exchange.summary, exchange)


@requirement("META-01")
@pytest.mark.parametrize(
    "query", [{"challenge": CHALLENGE}, {"mode": "unsubscribe", "challenge": CHALLENGE}, {"mode": "subscribe"}],
    ids=["no mode", "another mode", "no challenge"],
)  # fmt: skip
def test_a_handshake_without_mode_or_challenge_is_refused(meta_side: MetaSide, query: dict[str, str]) -> None:
    """The mode `subscribe` and a challenge are required too (Meta fact sheet, sections 2 and 15.1)."""
    exchange = meta_side.handshake(**query, verify_token=meta_side.verify_token)
    expect.that(exchange.status in range(400, 500), "a 4xx", exchange.summary, exchange)


Headers = dict[str, str]
