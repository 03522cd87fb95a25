from __future__ import annotations

import pytest

from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.expectations.contacts import has_fields, has_kept_tags, is_not_left_behind, no_contact_of
from tests.conformance.wacrm.deployment import Deployment, account_at


def test_phones_are_compared_by_their_digits() -> None:
    has_fields({"phone": "33199001234", "name": "Ada"}, {"phone": "+33199001234", "name": "Ada"})
    with pytest.raises(Mismatch, match="phone"):
        has_fields({"phone": "+33199001235"}, {"phone": "+33199001234"})
    with pytest.raises(Mismatch, match="name"):
        has_fields({"name": "+1"}, {"name": "1"})


def test_kept_tags_may_have_others_beside_them() -> None:
    has_kept_tags({"tags": [{"name": "VIP"}, {"name": "new"}]}, ["vip"])
    with pytest.raises(Mismatch, match="vip"):
        has_kept_tags({"tags": [{"name": "new"}]}, ["vip"])


def test_what_is_left_behind_is_a_mismatch() -> None:
    account = account_at(Deployment())
    phone = account.phone_of(account.contact(name="Ada"))
    with pytest.raises(Mismatch, match="no contact"):
        no_contact_of(account, phone)


def test_nothing_is_known_where_nothing_is_found() -> None:
    account = account_at(Deployment())
    no_contact_of(account, "+33199001234")
    with pytest.raises(NoVerdict, match="cannot be found"):
        is_not_left_behind(account, lambda _number, _name: None, "+33199001234", "")
