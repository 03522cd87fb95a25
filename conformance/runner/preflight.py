"""What is settled before the first check of any system: the target answers as an API does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target.exchange import retry_after
from conformance.target.verdicts import NoAnswerError

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe


class SetupError(Exception):
    """The run cannot start. The message says what to do; `setting` is the one that is wrong, as `keys.full[1]`."""

    def __init__(self, message: str, setting: str = "") -> None:
        super().__init__(message)
        self.setting = setting


def reachable(probe: Probe, pool: KeyPool, role: str, path: str) -> None:
    """`GET path` with the first key of the role is answered 200 with JSON. Raises `SetupError`."""
    exchange = asked(probe, pool, pool.keys(role)[0], path)
    url = probe.base_url + path
    if exchange.status in {301, 302, 303, 307, 308}:
        where = exchange.answer_headers.get("location", "nowhere")
        raise SetupError(f"{url} redirects to {where}\nSet target.base_url to the address that answers itself.")
    if not isinstance(exchange.json(), dict):
        kind = exchange.answer_headers.get("content-type", "no content type")
        raise SetupError(
            f"{url} answers {exchange.status} with {kind}, not with the API's JSON: {exchange.excerpt[:120]}\n"
            "Is target.base_url the deployment's origin?"
        )
    if exchange.status == 401:  # noqa: PLR2004
        raise SetupError(
            f"the deployment refuses keys.{role}[0] (401 on {url}). Is it a key of this deployment?", f"keys.{role}[0]"
        )
    if exchange.status != 200:  # noqa: PLR2004
        raise SetupError(f"{url} answers {exchange.summary[:200]}\nIs the API that is to be tested at target.base_url?")


def asked(probe: Probe, pool: KeyPool, key: Key, path: str) -> Exchange:
    """The answer to `GET path` with this key, which may have been in use before us. Raises `SetupError`."""
    try:
        pool.book(key)
        exchange = probe.send("GET", path, key=key)
        if exchange.status == 429:  # noqa: PLR2004
            pool.refused(key, retry_after(exchange))
            pool.book(key)
            exchange = probe.send("GET", path, key=key)
    except NoAnswerError as error:
        raise SetupError(_unreachable(error.exchange)) from None
    return exchange


def _unreachable(exchange: Exchange) -> str:
    trouble = exchange.trouble or ""
    if "CERTIFICATE" in trouble.upper() or "SSL" in trouble.upper():
        return f'{exchange.url}: TLS failed: {trouble}\nGive the CA with target.ca = "ca.pem", or set target.insecure = true.'
    return f"{exchange.url}: {trouble}\nIs the deployment running, and target.base_url right?"
