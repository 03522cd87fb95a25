from __future__ import annotations

from conformance.wacrm.steps.optional_members import BUSINESS, FIRST_CONTACT, MEMBERS, QUOTED


def test_a_strangers_first_message_quotes_nothing() -> None:
    assert set(FIRST_CONTACT) <= set(MEMBERS)
    for name in FIRST_CONTACT:
        assert QUOTED not in MEMBERS[name].message.get("context", {}).values()


def test_placeholders_stand_where_they_are_replaced() -> None:
    for members in MEMBERS.values():
        rest = {name: value for name, value in members.message.items() if name != "context"}
        assert QUOTED not in str(rest)
        assert BUSINESS not in str(rest)


def test_each_case_has_something_of_its_own() -> None:
    shown = [f"{case.message}{case.contact}{case.value}" for case in MEMBERS.values()]
    assert len(set(shown)) == len(MEMBERS)
