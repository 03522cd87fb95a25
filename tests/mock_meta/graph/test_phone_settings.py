"""``settings`` of a number: what they are, what is kept, what is refused."""

from typing import Any

from tests.mock_meta.fidelity import fact
from tests.mock_meta.graph.test_phone_numbers import post
from tests.mock_meta.inside import PHONE, Inside


@fact(
    "`/{number}/settings` has calling, payload encryption, storage and the identity change check",
    source="Meta: settings API (v23.0); business phone numbers, identity change check",
    month="2026-09",
    sure="documented",
)
def test_settings(inside: Inside) -> None:
    def shown(query: str = "") -> Any:
        return inside.graph("GET", f"{PHONE}/settings{query}").json()

    names = ["calling", "payload_encryption", "storage_configuration", "user_identity_change"]
    assert list(shown()) == names
    assert shown("?fields=storage_configuration") == {"storage_configuration": {"status": "DEFAULT"}}
    for change in (
        {"user_identity_change": {"enable_identity_key_check": True}},
        {"calling": {"status": "ENABLED", "call_hours": {"status": "DISABLED"}}},
        {"storage_configuration": {"status": "IN_COUNTRY_STORAGE_ENABLED", "data_localization_region": "CH"}},
        {"payload_encryption": '{"status": "DISABLED"}'},
    ):
        assert post(inside, "settings", change) == {"success": True}
    assert shown()["user_identity_change"] == {"enable_identity_key_check": True}
    assert shown()["calling"]["call_icon_visibility"] == "DEFAULT"
    assert shown()["calling"]["status"] == "ENABLED"
    refused: list[dict[str, Any]] = [
        {},
        {"colour": {}},
        {"calling": "x"},
        {"calling": {"status": "perhaps"}},
        {"storage_configuration": {}},
        {"user_identity_change": {}},
        {"user_identity_change": {"enable_identity_key_check": "perhaps"}},
        {"user_identity_change": {"enabled": True}},
    ]
    for bad in refused:
        assert post(inside, "settings", bad)["error"]["code"] == 100
    assert inside.graph("GET", f"{PHONE}/settings?fields=x").status_code == 400
