from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_meta.control.errors import ControlError
from mock_meta.control.scenario_file import CALLS, read_scenario
from tests.mock_meta.conftest import DEADLINE
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside, account

DEMO = Path(__file__).parents[3] / "mock_meta" / "demo.toml"
INBOUND = f'inbound = {{ phone_number_id = "{PHONE}", messages = [{{ from = "{PERSON}", text = {{ body = "Hi" }} }}] }}'

ACCOUNT = """
[[accounts]]
waba_id = "9"
access_token = "T"
app_secret = "S"
[[accounts.phone_numbers]]
id = "8"
display_phone_number = "+1 555"
"""


def play(inside: Inside, text: str) -> dict[str, Any]:
    answer = inside.request("POST", "/_control/scenario", content=text)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ended(inside: Inside) -> dict[str, Any]:
    for _ in range(int(DEADLINE / 0.02)):
        shown: dict[str, Any] = inside.control("GET", "/scenario")
        if not shown["running"]:
            return shown
        inside.rest()
    pytest.fail("the scenario did not end")


def test_the_demonstration_can_be_read() -> None:
    scenario = read_scenario(DEMO.read_text("utf-8"))
    assert [step.second for step in scenario.schedule] == [5, 30, 60, 100, 130]
    assert [step.name for step in scenario.opening] == ["behaviour"]


def test_calls_are_made_at_their_second_and_taken_back(inside: Inside) -> None:
    play(
        inside,
        f"""
        [limits.pair_rate]
        burst = 7
        [[at]]
        second = 0.15
        {INBOUND}
        [[at]]
        second = 0
        for = 0.3
        fault = {{ error = {{ code = 130429 }} }}
        delivery = {{ paused = true }}
        """,
    )
    assert inside.control("GET", "/limits")["pair_rate"]["burst"] == 7
    inside.rest(0.05)
    assert inside.refused()["code"] == 130429
    assert inside.control("GET", "/delivery") == {"paused": True}
    shown = ended(inside)
    assert [step["done"] for step in shown["steps"]] == [True] * 4
    assert inside.control("GET", "/faults") == {"faults": []}
    assert [value["messages"][0]["text"]["body"] for value in inside.posts.values()] == ["Hi"]


def test_a_step_that_the_control_refuses_is_told_and_the_others_go_on(inside: Inside) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"webhook_url": None})
    refused = f'statuses = {{ phone_number_id = "{PHONE}", statuses = [{{ id = "wamid.x" }}] }}'
    play(inside, f"[[at]]\nsecond = 0\n{refused}\n[[at]]\nsecond = 0\nbatch = {{}}")
    first, second = ended(inside)["steps"]
    assert first["problem"] == f"account {WABA} has no webhook_url"
    assert (second["done"], second["problem"]) == (True, None)


def test_of_two_scenarios_at_once_one_plays(inside: Inside) -> None:
    text = "[batch]\nmost = 1\n[[at]]\nsecond = 0\nfor = 600\nfault = { delay = 1 }"
    play(inside, text)
    inside.rest(0.05)
    inside.together(*[("POST", "/_control/scenario", text)] * 2)
    inside.rest(0.05)
    assert len(inside.control("GET", "/faults")["faults"]) == 1


@pytest.mark.parametrize("ending", [("DELETE", "/scenario"), ("POST", "/reset")])
def test_ending_a_scenario_takes_back_what_it_holds(inside: Inside, ending: tuple[str, str]) -> None:
    play(inside, "[[at]]\nsecond = 0\nfor = 600\nfault = { delay = 1 }\n[[at]]\nsecond = 500\nbatch = {}")
    inside.rest(0.05)
    assert len(inside.control("GET", "/faults")["faults"]) == 1
    inside.control(*ending)
    assert inside.control("GET", "/faults") == {"faults": []}
    assert not inside.control("GET", "/scenario")["running"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[at", "not TOML"),
        ("at = 3", "at: write [[at]]"),
        ("[[at]]\nsecond = 1", "at 1: nothing happens"),
        ("[[at]]\nfault = {delay = 1}", "at 1: second"),
        ("[[at]]\nsecond = 1\nfalut = {delay = 1}", "did you mean 'fault'"),
        ("[[at]]\nsecnd = 1\nfault = {delay = 1}", "at 1: unknown member 'secnd'; did you mean 'second'?"),
        ("[[acounts]]\nwaba_id = '7'", "the file: unknown table 'acounts'; did you mean 'accounts'?"),
        (
            "[[at]]\nsecond = 1\nfault = {error = {code = 13429}}",
            "at 1, fault: error: code 13429 is none of Meta's and has no 'message' of its own; did you mean '130429'",
        ),
        ("[[at]]\nsecond = 1\nfor = 3\nchaos = {}", "only delivery and fault can be taken back"),
        ("[[at]]\nsecond = 1\nfault = {dely = 1}", "at 1, fault: unknown member 'dely'; did you mean 'delay'"),
        ("[behaviour]\nprofile = 1", "the file, behaviour: profile"),
        (
            "[behaviour]\nprofile = 'instnt'",
            "the file, behaviour: profile: no profile 'instnt'; did you mean 'instant'",
        ),
        ("[reviews]\nafter = [5, 1]", "the file, reviews: after: the range [5.0, 1.0] is backwards"),
        ("[recipients]\nto = ['nobody']\nscript = []", "the file, recipients: to.0: 'nobody' is not a phone number"),
        (
            "[fault]\ndelay = 1\nmatch = {operation = 'message.send'}",
            "the file, fault: match.operation: no operation 'message.send'; did you mean 'messages.send'",
        ),
        (
            "[statuses]\nphone_number_id = '1'\nstatuses = [{id = 2026-01-01}]",
            "the file, statuses: Object of type date",
        ),
        ("[[at]]\nsecond = 1\nstatuses = {statuses = [{id = nan}]}", "at 1, statuses: Out of range float"),
        ("[[accounts]]\naccess_token = 'T'", "accounts 1: waba_id"),
    ],
)
def test_what_cannot_be_carried_out_is_said_before_anything_begins(text: str, sentence: str) -> None:
    with pytest.raises(ControlError) as problem:
        read_scenario(text)
    assert sentence in problem.value.sentence


def test_an_account_that_the_mock_does_not_take_is_told_with_its_place(inside: Inside) -> None:
    taken = f'[[accounts.phone_numbers]]\nid = "{PHONE}"\ndisplay_phone_number = "+1 555"'
    for text, status, sentence in (
        ("[[accounts]]\nwaba_id = '7'", 400, "accounts 1: a new account needs 'access_token'"),
        (f"[[accounts]]\nwaba_id = '7'\naccess_token = 'T'\napp_secret = 'S'\n{taken}", 409, "belongs to account"),
    ):
        answer = inside.request("POST", "/_control/scenario", content=text)
        assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), answer.text
    assert inside.control("GET", "/scenario")["running"] is False


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"[[at]]\nsecond = 9\n{INBOUND.replace(PHONE, PHONE[:-1])}", f"at 1, inbound: no phone number '{PHONE[:-1]}'"),
        (INBOUND.replace(PHONE, "7"), "the file, inbound: no phone number '7'; known:"),
        ("[[at]]\nsecond = 9\nstatuses = {phone_number_id = '7', statuses = [{}]}", "at 1, statuses: no phone number"),
        ("[behaviour]\nwaba_id = '7'\nprofile = 'fast'", "the file, behaviour: no account '7'"),
    ],
)
def test_whom_nobody_knows_is_said_before_anything_begins(inside: Inside, text: str, sentence: str) -> None:
    answer = inside.request("POST", "/_control/scenario", content=f"{text}\n{ACCOUNT}")
    assert (answer.status_code, sentence in answer.json()["error"]) == (400, True), answer.text
    assert [account["waba_id"] for account in inside.control("GET", "/accounts")["accounts"]] == [WABA]
    assert inside.control("GET", "/scenario")["steps"] == []


def test_the_scenario_itself_or_the_control_may_make_them() -> None:
    bare = Inside()
    other = INBOUND.replace(PHONE, "8")
    play(bare, f"[[at]]\nsecond = 500\n{other}\n{ACCOUNT}")
    bare.control("POST", "/reset", {"accounts": True})
    play(bare, f"[[at]]\nsecond = 0.1\n{INBOUND}")
    bare.control("PUT", f"/accounts/{WABA}", account())
    assert [step["problem"] for step in ended(bare)["steps"]] == [None]
    assert bare.posts.values()[0]["messages"][0]["text"] == {"body": "Hi"}
    bare.close()


def test_every_table_names_a_control_call(inside: Inside) -> None:
    for name, call in CALLS.items():
        answer = inside.request(call.method, f"/_control/{call.path}", content=b"[]")
        assert "must be a JSON object" in answer.json()["error"], name
