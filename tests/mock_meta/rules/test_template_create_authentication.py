"""Authentication templates, whose text Meta writes itself."""

from typing import Any

import pytest

from tests.mock_meta.drafts import QUICK, body, buttons, create
from tests.mock_meta.inside import Inside

COPY = {"type": "OTP", "otp_type": "COPY_CODE"}
APPS = {"supported_apps": [{"package_name": "com.example", "signature_hash": "K8a/AINcGX7"}]}
SECURE = {"type": "BODY", "add_security_recommendation": True}


@pytest.mark.parametrize(
    "components",
    [
        (SECURE, buttons(COPY), {"type": "FOOTER", "code_expiration_minutes": 90}),
        (SECURE, buttons({**COPY, **APPS, "otp_type": "one_tap"})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP", **APPS["supported_apps"][0]})),
        (SECURE, buttons({**COPY, **APPS, "otp_type": "ZERO_TAP", "zero_tap_terms_accepted": True})),
    ],
)
def test_authentication_templates(inside: Inside, components: list[dict[str, Any]]) -> None:
    assert "id" in create(inside, *components, category="AUTHENTICATION")


@pytest.mark.parametrize(
    "components",
    [
        (SECURE,),
        (SECURE, buttons()),
        (SECURE, buttons(QUICK)),
        (SECURE, buttons(COPY, COPY)),
        (SECURE, buttons({"type": "OTP"})),
        (SECURE, buttons({**COPY, "otp_type": "SMS"})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP"})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP", "supported_apps": ["com.example"]})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP", "supported_apps": APPS["supported_apps"] * 6})),
        (SECURE, buttons({**COPY, **APPS, "otp_type": "ZERO_TAP"})),
        (SECURE, buttons(COPY), {"type": "FOOTER", "code_expiration_minutes": 0}),
        (SECURE, buttons(COPY), {"type": "FOOTER", "code_expiration_minutes": 91}),
        (SECURE, buttons(COPY), {"type": "FOOTER", "text": "Bye"}),
        (SECURE, buttons(COPY), {"type": "HEADER", "format": "TEXT", "text": "Hi"}),
        (body("Your code"), buttons(COPY)),
    ],
)
def test_authentication_templates_that_are_refused(inside: Inside, components: list[dict[str, Any]]) -> None:
    assert create(inside, *components, category="AUTHENTICATION")["error"]["code"] == 100
