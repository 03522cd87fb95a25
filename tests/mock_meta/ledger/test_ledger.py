import json
import time
from typing import Any

from mock_meta.ledger.entries import Outcome, RequestEntry, WebhookEntry
from mock_meta.ledger.ledger import Ledger
from mock_meta.ledger.store import Query
from mock_meta.ledger.subjects import Subjects
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside


def entry(number: int, raw: bytes = b"{}") -> RequestEntry:
    return RequestEntry(
        at=0.0,
        method="POST",
        path="/v21.0/1/messages",
        query={},
        version="v21.0",
        operation="messages.send",
        scheme="Bearer",
        token_known=True,
        content_type="application/json",
        raw=raw,
        phone_number_id="1",
        to=f"+9990000{number}",
        type="text",
        wamid=f"wamid.{number}",
        outcome=Outcome.ACCEPTED,
        status=200,
        error=None,
        problems=[],
    )


def webhook(number: int, body: bytes = b"{}") -> WebhookEntry:
    status = {"id": f"wamid.{number}", "status": "sent", "recipient_id": f"9990000{number}"}
    return WebhookEntry(
        at=0.0,
        delivery=1,
        attempt=1,
        url="http://127.0.0.1/",
        waba_id="2",
        field="messages",
        subjects=Subjects({"entry": [{"changes": [{"value": {"statuses": [status]}}]}]}),
        phone_number_id="1",
        signing="valid",
        answer="",
        body=body,
        status=200,
        error=None,
        duration=0.0,
    )


def test_queries() -> None:
    ledger = Ledger()
    for number in range(5):
        ledger.add(entry(number))
        ledger.add(webhook(number))

    def seqs(**query: Any) -> list[int]:
        return [one.seq for one in ledger.find(Query(**query))]

    assert seqs() == list(range(1, 11))
    assert seqs(kind="request") == [1, 3, 5, 7, 9]
    assert seqs(wamid="wamid.2") == [5, 6]
    assert seqs(to="+99900003") == seqs(to="99900003") == [7, 8]
    assert seqs(to="99900003", kind="webhook") == [8]
    assert seqs(wamid="wamid.2", to="99900003") == []
    assert seqs(since=8) == [9, 10]
    assert seqs(since=5, wamid="wamid.2") == [6]
    assert seqs(limit=2) == [1, 2]
    assert seqs(operation="messages.send", limit=1) == [1]
    assert seqs(operation="phone.get") == seqs(outcome="refused") == seqs(phone_number_id="7") == []


def test_contains_looks_through_the_escaped_form() -> None:
    ledger = Ledger()
    ledger.add(entry(1, '{"text":"perché 1/2"}'.encode()))
    ledger.add(webhook(1, rb'{"text":"perch\u00e9 1\/2"}'))
    assert [one.seq for one in ledger.find(Query(contains="perché 1/2"))] == [1, 2]
    assert ledger.find(Query(contains="anders")) == []


def test_contains_finds_every_spelling_of_a_text() -> None:
    text = 'perché "così"\n👍 1/2'
    for raw in (json.dumps({"text": text}), json.dumps({"text": text}, ensure_ascii=False)):
        ledger = Ledger()
        ledger.add(entry(1, raw.encode()))
        assert len(ledger.find(Query(contains=text))) == 1
        assert ledger.find(Query(contains=text + "x")) == []


def test_numbers_go_on_after_a_reset() -> None:
    ledger = Ledger()
    ledger.add(entry(1))
    ledger.clear()
    assert (ledger.last_seq, ledger.find(Query())) == (1, [])
    ledger.add(entry(2))
    assert [one.seq for one in ledger.find(Query(since=1))] == [2]
    assert [one.seq for one in ledger.find(Query(wamid="wamid.2"))] == [2]


def test_a_hundred_thousand_entries_are_found_quickly() -> None:
    ledger = Ledger()
    for number in range(50_000):
        ledger.add(entry(number))
        ledger.add(webhook(number))
    started = time.process_time()
    for number in range(0, 50_000, 50):
        assert len(ledger.find(Query(wamid=f"wamid.{number}"))) == 2
        assert len(ledger.find(Query(to=f"9990000{number}", since=10))) <= 2
    ledger.find(Query(since=99_990))
    assert time.process_time() - started < 1.0


def test_what_an_entry_tells(inside: Inside) -> None:
    wamid = inside.wamid(to=f"+{PERSON}")
    (shown,) = inside.control("GET", f"/ledger?wamid={wamid}")["entries"]
    assert {name: shown[name] for name in ("seq", "kind", "method", "path", "query", "version", "operation")} == {
        "seq": 1,
        "kind": "request",
        "method": "POST",
        "path": f"/v21.0/{PHONE}/messages",
        "query": {},
        "version": "v21.0",
        "operation": "messages.send",
    }
    assert shown["authorization"] == {"scheme": "Bearer", "known": True}
    assert shown["body"]["text"] == {"body": "Ciao"}
    assert (shown["to"], shown["type"], shown["phone_number_id"]) == (f"+{PERSON}", "text", PHONE)
    assert (shown["outcome"], shown["status"], shown["error"], shown["problems"]) == ("accepted", 200, None, [])
    assert shown["duration"] >= 0


def test_the_ledger_survives_what_utf8_cannot_hold(inside: Inside) -> None:
    content = b'{"messaging_product":"whatsapp","to":"99900001234","text":{"body":"\\ud800"},"n":1e999}'
    headers = {"Authorization": "Bearer EAAtest", "Content-Type": "application/json"}
    inside.request("POST", f"/v21.0/{PHONE}/messages", content=content, headers=headers)
    inside.send(text={"body": "ok"}, biz_opaque_callback_data="x")
    inside.request("POST", f"/v21.0/{PHONE}/messages", content=content.replace(b',"n":1e999', b""), headers=headers)
    assert [entry["outcome"] for entry in inside.requests()] == ["refused", "accepted", "accepted"]


def test_export_as_lines(inside: Inside) -> None:
    for _ in range(3):
        inside.send()
    lines = inside.request("GET", "/_control/ledger.ndjson?kind=request").text.splitlines()
    assert len(lines) == 3


def test_bad_queries_are_refused(inside: Inside) -> None:
    cases = {
        "knd=request": "unknown parameter 'knd'; did you mean 'kind'?",
        "kind=requests": "kind: no kind 'requests'; did you mean 'request'?",
        "since=x": "since: 'x' is not a whole number from 0 up",
        "limit=-1": "limit: '-1' is not a whole number from 0 up",
    }
    for query, sentence in cases.items():
        assert inside.control("GET", f"/ledger?{query}", status=400) == {"error": sentence}


def test_how_a_webhook_was_signed_is_on_record(inside: Inside) -> None:
    inside.control("POST", "/webhooks", {"waba_id": WABA, "payload": {}, "signature": "wrong"})
    (entry,) = inside.control("GET", "/ledger?kind=webhook")["entries"]
    assert entry["signing"] == "wrong"
