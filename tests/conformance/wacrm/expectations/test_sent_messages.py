from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.expectations.sent_messages import accepted_record


def answered(status: int, sent: dict[str, Any]) -> Exchange:
    content = httpx.Response(status, json={"data": {"message_id": "m"}}).content
    return Exchange(
        "POST", "http://x/messages", {}, json.dumps(sent).encode(), None, status, httpx.Headers(), content, 0.0, 0.0
    )


def account(status: int, asked: list[dict[str, Any]]) -> Any:
    """An account to which every further send is answered with `status`."""

    def post(_path: str, sent: dict[str, Any]) -> Exchange:
        asked.append(sent)
        return answered(status, sent)

    return SimpleNamespace(api=SimpleNamespace(post=post), numbers=SimpleNamespace(fresh=lambda: "+2"))


REPLY = {"to": "+1", "type": "image", "reply_to_message_id": "q"}


def test_an_accepted_send_gives_its_record() -> None:
    asked: list[dict[str, Any]] = []
    assert accepted_record(account(500, asked), answered(201, REPLY)) == {"message_id": "m"}
    assert asked == []


@pytest.mark.parametrize(("alone", "verdict"), [(201, Mismatch), (502, NoVerdict)])
def test_a_refused_send_is_a_mismatch_only_if_the_same_is_accepted_alone(alone: int, verdict: type[Exception]) -> None:
    asked: list[dict[str, Any]] = []
    with pytest.raises(verdict):
        accepted_record(account(alone, asked), answered(502, REPLY))
    assert asked == [{"to": "+2", "type": "image"}]
