"""Meta's limits: off by default, true to the numbers when on."""

import json
from typing import Any

from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside, account


def on(inside: Inside, **limits: Any) -> Any:
    return inside.control("PUT", "/limits", limits)


def test_all_are_off_and_tell_metas_numbers(inside: Inside) -> None:
    settings = inside.control("GET", "/limits")
    assert not any(limit["enabled"] for limit in settings.values())
    assert settings["throughput"]["per_second"] == 80
    assert settings["pair_rate"] == {"enabled": False, "burst": 45, "refill_seconds": 6.0}
    assert settings["management_calls"]["per_hour"] == 5000
    assert settings["template_creations"]["per_hour"] == 100
    assert settings["registrations"]["per_72_hours"] == 10


def test_throughput(inside: Inside) -> None:
    on(inside, throughput={"per_second": 3})
    for number in range(3):
        inside.send(to=f"9990001000{number}")
    error = inside.refused(to="99900010009")
    assert (error["code"], error["message"]) == (130429, "(#130429) Rate limit hit")
    inside.now += 0.34
    inside.send(to="99900010009")
    assert inside.refused()["code"] == 130429


def test_a_high_number_has_a_thousand(inside: Inside) -> None:
    phone = {"id": PHONE, "display_phone_number": "+1 555-078-3881", "throughput": "HIGH"}
    inside.control("PUT", f"/accounts/{WABA}", account(phone_numbers=[phone]))
    on(inside, throughput={"per_second": 3})
    for number in range(10):
        inside.send(to=f"9990001000{number}")


def test_a_high_numbers_budget_is_scaled_too(inside: Inside) -> None:
    phone = {"id": PHONE, "display_phone_number": "+1 555-078-3881", "throughput": "HIGH"}
    inside.control("PUT", f"/accounts/{WABA}", account(phone_numbers=[phone]))
    on(inside, throughput={"per_second": 2})
    for number in range(25):
        inside.send(to=f"999000100{number:02}")
    assert inside.refused()["code"] == 130429


def test_a_caller_who_keeps_asking_gets_his_turn_when_it_is_due(inside: Inside) -> None:
    on(inside, pair_rate={"burst": 1})
    inside.send()
    for _ in range(5):
        inside.now += 1
        assert inside.refused()["code"] == 131056
    inside.now += 1
    inside.send()


def test_pair_rate(inside: Inside) -> None:
    on(inside, pair_rate={})
    for _ in range(45):
        inside.send()
    error = inside.refused()
    assert error["message"] == "(#131056) (Business Account, Consumer Account) pair rate limit hit"
    inside.send(to="99900005678")
    inside.now += 5.9
    assert inside.refused()["code"] == 131056
    inside.now += 0.2
    inside.send()
    assert inside.refused()["code"] == 131056


def test_the_customer_service_window(inside: Inside) -> None:
    on(inside, window={})
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.send()
    inside.send(type="template", text=None, template={"name": "plain", "language": {"code": "en_US"}})
    inside.rest()
    first, *others = inside.posts.statuses()
    assert (first["status"], first["errors"][0]["code"]) == ("failed", 131047)
    assert [status["status"] for status in others] == ["sent", "delivered", "read"]
    inside.posts.sent.clear()
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    inside.now += 86_400
    inside.send()
    inside.now += 1
    inside.send()
    inside.rest()
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "delivered", "read", "failed"]


def test_the_messaging_limit_counts_people_outside_a_window(inside: Inside) -> None:
    on(inside, messaging_limit={"users": 2})
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    for person in ("99900010001", "99900010002", "99900010001", "99900010003"):
        inside.send(to=person)
    inside.rest()
    failed = [status for status in inside.posts.statuses() if status["status"] == "failed"]
    assert [(status["recipient_id"], status["errors"][0]["code"]) for status in failed] == [("99900010003", 131048)]


def test_management_calls(inside: Inside) -> None:
    on(inside, management_calls={"per_hour": 4})
    answers = [inside.graph("GET", f"{WABA}/subscribed_apps") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [400]
    assert '"call_count": 50' in answers[1].headers["x-business-use-case-usage"]
    assert answers[4].json()["error"]["message"].startswith("(#80008) There have been too many calls to this WhatsApp")
    inside.send()
    inside.now += 3601
    assert inside.graph("GET", WABA).status_code == 200


def test_a_waba_without_a_registered_number_has_a_25th_of_the_calls(inside: Inside) -> None:
    on(inside, management_calls={})
    inside.graph("POST", f"{PHONE}/deregister")
    answers = [inside.graph("GET", WABA).status_code for _ in range(201)]
    assert (answers[199], answers[200]) == (200, 400)
    body = {"messaging_product": "whatsapp", "pin": "123456"}
    assert inside.graph("POST", f"{PHONE}/register", json=body).status_code == 200
    assert inside.graph("GET", WABA).status_code == 200


def test_whoever_is_throttled_is_told_for_how_long(inside: Inside) -> None:
    def usage(answer: Any) -> Any:
        ((told,),) = json.loads(answer.headers["x-business-use-case-usage"]).values()
        return told["call_count"], told["estimated_time_to_regain_access"]

    on(inside, management_calls={"per_hour": 2}, app_calls={"per_hour": 1})
    assert usage(inside.graph("GET", f"{WABA}?fields=nothing")) == (50, 0)
    inside.now += 601
    assert usage(inside.graph("GET", WABA)) == (100, 50)
    assert usage(inside.graph("GET", WABA)) == (100, 50)
    inside.graph("GET", PHONE)
    assert json.loads(inside.graph("GET", PHONE).headers["x-app-usage"])["call_count"] == 100
    hidden = inside.graph("GET", "999", token="nobody")
    assert not {"x-business-use-case-usage", "x-app-usage"} & set(hidden.headers)
    inside.now += 2999
    assert inside.graph("GET", WABA).status_code == 200


def test_calls_of_the_app(inside: Inside) -> None:
    on(inside, app_calls={"per_hour": 4})
    answers = [inside.graph("GET", PHONE) for _ in range(5)]
    assert json.loads(answers[1].headers["x-app-usage"]) == {"call_count": 50, "total_cputime": 1, "total_time": 1}
    error = answers[4].json()["error"]
    assert (error["code"], error["is_transient"]) == (4, True)
    inside.send()
    assert inside.graph("GET", WABA).status_code == 200
    assert "x-app-usage" not in inside.graph("GET", WABA).headers


def test_template_creations(inside: Inside) -> None:
    on(inside, template_creations={"per_hour": 1})
    body = {"category": "UTILITY", "language": "it", "components": [{"type": "BODY", "text": "Ciao."}]}
    assert inside.graph("POST", f"{WABA}/message_templates", json={**body, "name": "one"}).status_code == 200
    assert (
        inside.graph("POST", f"{WABA}/message_templates", json={**body, "name": "two"}).json()["error"]["code"] == 80008
    )


def test_registrations(inside: Inside) -> None:
    on(inside, registrations={})
    body = {"messaging_product": "whatsapp", "pin": "123456"}
    for _ in range(10):
        assert inside.graph("POST", f"{PHONE}/register", json=body).json() == {"success": True}
    assert inside.graph("POST", f"{PHONE}/register", json=body).json()["error"]["code"] == 133016
    inside.now += 3 * 86_400 + 1
    assert inside.graph("POST", f"{PHONE}/register", json=body).status_code == 200


def test_switching_off_and_mistakes(inside: Inside) -> None:
    on(inside, throughput={"per_second": 1})
    settings = on(inside, throughput={"enabled": False})
    assert settings["throughput"] == {"enabled": False, "per_second": 1}
    for body, sentence in (
        ({"througput": {}}, "unknown member 'througput'; did you mean 'throughput'?"),
        ({"pair_rate": {"brust": 1}}, "unknown member 'pair_rate.brust'; did you mean 'burst'?"),
        ({"pair_rate": {"burst": 0}}, "pair_rate.burst: input should be greater than or equal to 1"),
    ):
        assert inside.control("PUT", "/limits", body, status=400)["error"] == sentence
