"""``--ledger FILE``: what a process that is killed leaves behind, and what the next one finds."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_meta.ledger.entries import RequestEntry
from mock_meta.ledger.ledger import BATCH, Ledger, keep_written
from mock_meta.ledger.store import Query, Store, checkpoint
from tests.mock_meta.conftest import until
from tests.mock_meta.inside import PERSON, PHONE, TOKEN, WABA, account
from tests.mock_meta.ledger.test_ledger import entry, webhook

TEXT = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao"}}


@contextlib.contextmanager
def mock(file: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    """``python -m mock_meta --ledger``, and a client for it."""
    command = [sys.executable, "-m", "mock_meta", "--exit-with-stdin", "--ledger", str(file), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            yield process, client
        process.terminate()
        process.wait(10)


def send(client: httpx.Client) -> str:
    return str(client.post(f"/v21.0/{PHONE}/messages", json=TEXT).raise_for_status().json()["messages"][0]["id"])


def configured(client: httpx.Client, **changes: Any) -> None:
    client.put(f"/_control/accounts/{WABA}", json=account(webhook_url=None, **changes)).raise_for_status()


def recorded(file: Path) -> list[str]:
    """The ids that the file holds, read while nobody asked the mock."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        return [
            wamid for (wamid,) in database.execute("SELECT wamid FROM requests WHERE wamid IS NOT NULL ORDER BY seq")
        ]


def test_a_killed_process_keeps_what_is_older_than_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with mock(file, "--behaviour", "silent") as (process, client):
        configured(client)
        told = [(send(client), time.monotonic()) for _ in range(150)]
        until(lambda: told[0][0] in recorded(file))  # the writer runs by itself
        told += [(send(client), time.monotonic()) for _ in range(150)]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    kept = recorded(file)
    names = [wamid for wamid, _ in told]
    assert kept == names[: len(kept)]  # in order, without gaps: only the end can be missing
    assert len(names) - len(kept) <= BATCH


def test_the_writer_leaves_nothing_waiting(tmp_path: Path) -> None:
    async def written() -> int:
        ledger = Ledger(Store(str(tmp_path / "ledger.sqlite")))
        writer = asyncio.create_task(keep_written(ledger, str(tmp_path / "ledger.sqlite")))
        ledger.add(entry(1))
        await asyncio.to_thread(until, lambda: recorded(tmp_path / "ledger.sqlite"))
        writer.cancel()
        ledger.close()
        return len(recorded(tmp_path / "ledger.sqlite"))

    assert asyncio.run(asyncio.wait_for(written(), 10)) == 1


def test_the_next_process_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with mock(file, "--behaviour", "silent") as (_, client):
        configured(client)
        first = send(client)
    with mock(file, "--behaviour", "silent") as (_, client):
        configured(client)
        second = send(client)
        lines = client.get("/_control/ledger.ndjson?kind=request").text.splitlines()
        assert [(one["seq"], one["wamid"]) for one in map(json.loads, lines)] == [(1, first), (2, second)]
        assert client.get(f"/_control/ledger?wamid={first}").json()["last_seq"] == 2


def test_numbers_outlive_a_reset_and_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "ledger.sqlite")
    ledger = Ledger(Store(file))
    for number in range(3):
        ledger.add(entry(number))
        ledger.add(webhook(number))
    ledger.clear()
    ledger.close()
    again = Ledger(Store(file))
    assert (again.last_seq, again.find(Query())) == (6, [])
    again.close()


def test_two_mocks_do_not_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    store = Store(str(file))
    done = subprocess.run(
        [sys.executable, "-m", "mock_meta", "--ledger", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stderr) == (2, f"mock-meta: --ledger {file}: another mock writes to it\n")
    store.close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Nothing that SQLite would read. " * 40)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Store(str(file))


def test_a_checkpoint_empties_the_log_and_loses_nothing(tmp_path: Path) -> None:
    file = str(tmp_path / "ledger.sqlite")
    store = Store(file)
    ledger = Ledger(store)
    for number in range(3 * BATCH):
        ledger.add(entry(number))
    checkpoint(file)
    ledger.add(entry(3 * BATCH))
    assert len(ledger.find(Query(limit=10_000))) == 3 * BATCH + 1
    ledger.close()


def test_a_duration_reaches_an_entry_that_is_written() -> None:
    ledger = Ledger()
    slow, quick = entry(1), entry(2)
    ledger.add(slow)
    ledger.flush()
    ledger.add(quick)
    ledger.timed(slow, 60.0)
    ledger.timed(quick, 0.5)
    assert [one.duration for one in ledger.find(Query())] == [60.0, 0.5]


def test_entries_are_the_same_before_and_after(tmp_path: Path) -> None:
    odd = "\ud800é\x00'\"/"
    given = entry(1, raw=b"\xff\x00")
    given.to, given.type = odd, odd
    given.query, given.problems = {"a": odd}, [odd]
    given.error = {"code": 1, "message": odd, "details": None}
    post = webhook(2, body=json.dumps({"entry": [{"changes": [{"field": odd, "value": {}}]}]}).encode())
    post.error, post.answer, post.field, post.phone_number_id, post.status = odd, odd, odd, odd, None
    ledger = Ledger(Store(str(tmp_path / "ledger.sqlite")))
    for one in (given, post):
        ledger.add(one)
    found = ledger.find(Query())
    assert isinstance(found[0], RequestEntry)
    assert found[0] == given
    assert {name: getattr(found[1], name) for name in ("error", "answer", "field", "phone_number_id", "status")} == {
        name: getattr(post, name) for name in ("error", "answer", "field", "phone_number_id", "status")
    }
    ledger.close()


def test_pages_are_the_whole_in_order() -> None:
    ledger = Ledger()
    for number in range(2500):
        ledger.add(entry(number))
    chunks = list(ledger.chunks(Query(limit=1 << 40)))
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]
    assert [one.seq for chunk in chunks for one in chunk] == list(range(1, 2501))
    assert sum(len(chunk) for chunk in ledger.chunks(Query(since=100, limit=1100))) == 1100
