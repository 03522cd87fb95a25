"""Profiles, distributions and scripts as the control takes them."""

from typing import Any

from tests.mock_meta.inside import WABA, Inside


def test_custom_distributions_by_control(inside: Inside) -> None:
    body = {"sent": {"after": 0}, "delivered": {"probability": 1, "after": [0, 0.001]}, "waba_id": WABA}
    inside.control("PUT", "/behaviour", body)
    inside.send()
    inside.rest()
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "delivered"]
    inside.control("PUT", "/behaviour", {"failed": {"probability": 1, "code": 131049}, "waba_id": WABA})
    inside.send()
    inside.rest()
    assert inside.posts.statuses()[-1]["errors"][0]["code"] == 131049


def test_bad_behaviours_are_refused(inside: Inside) -> None:
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        ("PUT", "/behaviour", {"profile": "instnt"}, "no profile 'instnt'; did you mean 'instant'?"),
        ("PUT", "/behaviour", {"profle": "instant"}, "unknown member 'profle'; did you mean 'profile'?"),
        ("PUT", "/behaviour", {}, "give either 'profile' or a distribution"),
        ("PUT", "/behaviour", {"sent": {"after": [2, 1]}}, "after: the range [2.0, 1.0] is backwards"),
        ("POST", "/behaviour/recipients", {"to": ["x"], "script": []}, "'x' is not a phone number"),
        (
            "POST",
            "/behaviour/recipients",
            {"to": [], "script": [{"status": "red"}]},
            "script.0.status: input should be",
        ),
    ]
    for method, path, body, sentence in cases:
        assert sentence in inside.control(method, path, body, status=400)["error"]
