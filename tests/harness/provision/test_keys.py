from __future__ import annotations

import re

from conformance.target.keys import Role
from conformance.target.target import SCOPES
from harness.provision import keys

ONE_OF_EACH = {"full", "none", "revoked", "expired", "expiring", "revocable", "other_account", "unconfigured"}


def test_every_role_that_the_pool_knows_has_keys() -> None:
    scoped = {f"{kind}:{scope}" for kind in ("only", "all_but") for scope in SCOPES}
    assert {key.role for key in keys.wanted(1, {})} == ONE_OF_EACH | scoped == {*Role, *scoped}


def test_new_keys_have_the_documented_form_and_differ() -> None:
    made = [key.secret for key in keys.wanted(60, {})]
    assert all(re.fullmatch(r"wacrm_live_[A-Za-z0-9_-]{43}", secret) for secret in made)
    assert len(set(made)) == len(made) == 60 + 8 + 4 + 14 + 24 + 2


def test_earlier_secrets_are_taken_over_as_far_as_they_go() -> None:
    wanted = keys.wanted(3, {"full": ["a", "b"], "none": [str(n) for n in range(20)], "gone": ["x"]})
    assert [key.secret for key in wanted if key.role == "full"][:2] == ["a", "b"]
    assert [key.secret for key in wanted if key.role == "none"] == [str(n) for n in range(8)]
    assert "x" not in {key.secret for key in wanted}


def test_a_key_does_not_print_itself() -> None:
    key = keys.wanted(1, {})[0]
    assert key.secret not in repr(key)
