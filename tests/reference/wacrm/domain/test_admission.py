from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from reference.wacrm.domain.limiter import Limiter
from reference.wacrm.protocol.operations import Operation, required_scopes
from tests.reference.wacrm.conftest import ALL, Deployment, deployed, key

UUID = "00000000-0000-4000-8000-000000000000"
CALLS = {
    Operation.ME: ("GET", "/me"),
    Operation.SEND_MESSAGE: ("POST", "/messages"),
    Operation.LIST_CONTACTS: ("GET", "/contacts"),
    Operation.CREATE_CONTACT: ("POST", "/contacts"),
    Operation.READ_CONTACT: ("GET", f"/contacts/{UUID}"),
    Operation.UPDATE_CONTACT: ("PATCH", f"/contacts/{UUID}"),
    Operation.LIST_CONVERSATIONS: ("GET", "/conversations"),
    Operation.READ_CONVERSATION: ("GET", f"/conversations/{UUID}"),
    Operation.LIST_MESSAGES: ("GET", f"/conversations/{UUID}/messages"),
    Operation.CREATE_BROADCAST: ("POST", "/broadcasts"),
    Operation.READ_BROADCAST: ("GET", f"/broadcasts/{UUID}"),
    Operation.CREATE_WEBHOOK: ("POST", "/webhooks"),
    Operation.LIST_WEBHOOKS: ("GET", "/webhooks"),
    Operation.READ_WEBHOOK: ("GET", f"/webhooks/{UUID}"),
    Operation.UPDATE_WEBHOOK: ("PATCH", f"/webhooks/{UUID}"),
    Operation.DELETE_WEBHOOK: ("DELETE", f"/webhooks/{UUID}"),
}


@pytest.mark.parametrize("operation", list(Operation))
def test_every_operation_asks_for_a_key_and_its_scope(wacrm: Deployment, operation: Operation) -> None:
    method, path = CALLS[operation]
    answer = wacrm.client.request(method, f"/api/v1{path}", content=b"{")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    scope = required_scopes()[operation]
    answer = wacrm.call(method, path, letter="N")
    if scope is None:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        assert scope in answer.json()["error"]["message"]
    assert wacrm.call(method, path).status_code in {200, 400, 404}


def test_all_refusals_of_a_key_are_the_same(wacrm: Deployment) -> None:
    headers = [f"Bearer {key(letter)}" for letter in "XRE"] + ["", "Bearer", f"Basic {key('A')}", f"Bearer {key('A')}x"]
    headers += [f"Bearer  {key('A')}", key("A"), f"Bearer {key('A')[:-1]}é"]
    answers = [
        wacrm.client.get("/api/v1/me", headers={"Authorization": header.encode("latin-1")}) for header in headers
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert wacrm.get("/me", "F").status_code == 200


def test_me_names_account_and_scopes(wacrm: Deployment) -> None:
    assert wacrm.get("/me").json()["data"]["key"]["scopes"] == ALL
    assert wacrm.get("/me", "N").json()["data"]["key"]["scopes"] == []
    assert wacrm.get("/me", "B").json()["data"]["account"]["name"] == "Second"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("PUT", "/contacts"), ("GET", "/contacts/"), ("HEAD", "/me")]
)
def test_unknown_paths_and_methods_have_the_envelope(wacrm: Deployment, method: str, path: str) -> None:
    answer = wacrm.call(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert method == "HEAD" or answer.json()["error"]["code"] == "not_found"


def test_a_burst_is_admitted_exactly_to_the_limit() -> None:
    with deployed(limit=20) as wacrm, ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: wacrm.get("/me").status_code, range(40)))
        assert (statuses.count(200), statuses.count(429)) == (20, 20)
        assert wacrm.get("/me", "B").status_code == 200


def test_what_is_charged() -> None:
    with deployed(limit=3) as wacrm:
        for _ in range(5):
            assert wacrm.get("/me", "X").status_code == 401
            assert wacrm.get("/me", "R").status_code == 401
        statuses = [wacrm.get("/contacts", "N").status_code for _ in range(4)]
        assert statuses == [403, 403, 403, 429]


class _Clock:
    def __init__(self) -> None:
        self.at = 1000.25

    def seconds(self) -> float:
        return 1_700_000_000.5 + self.at

    def monotonic(self) -> float:
        return self.at


def test_the_headers_tell_the_truth() -> None:
    clock = _Clock()
    limiter = Limiter(clock, 2, 60.0)  # type: ignore[arg-type]
    limiter.charge("k")
    clock.at += 20.125
    limiter.charge("k")
    headers = limiter.headers(limiter.current("k").ends - clock.at)
    assert headers["Retry-After"] == "40"
    assert float(headers["X-RateLimit-Reset"]) - clock.seconds() == pytest.approx(40, abs=1)
    clock.at += 40
    limiter.charge("k")
    limiter.charge("k")
    assert limiter.current("k").used == 2
