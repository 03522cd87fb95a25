from __future__ import annotations

from reference.wacrm.settings import hash_key
from tests.reference.wacrm.conftest import deployed, key

REVOKE = f"/_control/keys/{hash_key(key('A'))}/revoke"


def test_a_revoked_key_is_refused_from_then_on() -> None:
    with deployed(control=True) as wacrm:
        assert wacrm.get("/me").status_code == 200
        assert wacrm.client.post(REVOKE).status_code == 204
        assert (wacrm.get("/me").status_code, wacrm.get("/me", "B").status_code) == (401, 200)


def test_without_control_there_is_no_such_path() -> None:
    with deployed() as wacrm:
        assert wacrm.client.post(REVOKE).status_code == 404
        assert wacrm.get("/me").status_code == 200
