"""Codes, their HTTP statuses and what is said of the token (fact sheet 3.2, 3.3, 4.1)."""

import pytest

from mock_meta.errors import error_body
from tests.mock_meta.inside import PHONE, TOKEN, WABA, Inside

STATUSES = {
    401: (0, 104, 190),
    403: (10, 200, 210, 299, 368, 130497, 131005, 131031),
    404: (132001,),
    500: (3, 131000, 131016, 131045, 131057, 133000, 134102),
    503: (2, 133004),
    400: (1, 4, 33, 100, 300, 80007, 80008, 130429, 131008, 131056, 132000, 133016, 2593107, 999999),
}


@pytest.mark.parametrize(("status", "codes"), STATUSES.items())
def test_the_status_of_a_code(status: int, codes: tuple[int, ...]) -> None:
    assert {code: error_body(code).http for code in codes} == dict.fromkeys(codes, status)


def test_transient_codes_say_so() -> None:
    assert [code for code in (1, 2, 4, 100, 131000) if error_body(code).transient] == [1, 2, 4]


def test_the_version_is_told_once_the_token_was_read(inside: Inside) -> None:
    assert "facebook-api-version" not in inside.graph("GET", PHONE, token="nobody").headers
    inside.control("PUT", f"/accounts/{WABA}", {"token_state": "expired"})
    answer = inside.graph("GET", PHONE)
    assert (answer.json()["error"]["error_subcode"], answer.headers["facebook-api-version"]) == (463, "v21.0")
    assert answer.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "invalid_token" "Error validating')


def test_a_connection_is_kept_unless_the_caller_closes_it(inside: Inside) -> None:
    asked = {"Authorization": f"Bearer {TOKEN}", "Connection": "close"}
    assert "connection" not in inside.request("GET", f"/v21.0/{PHONE}", headers=asked).headers
    assert inside.graph("GET", PHONE).headers["connection"] == "keep-alive"
