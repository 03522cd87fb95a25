"""Contact cards (fact sheet 5.4; Meta's contacts object)."""

from collections.abc import Mapping
from types import MappingProxyType

from mock_meta.protocol.errors import invalid, refuse
from mock_meta.rules.value_checks import (
    ANY_LENGTH,
    Object,
    array_at,
    as_object,
    member,
    only,
    optional_text,
    required,
    text_at,
)

_MOST, _FORMATTED = 257, 1024
# What a card lists, with the members of each element.
_LISTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "addresses": frozenset({"street", "city", "state", "zip", "country", "country_code", "type"}),
        "emails": frozenset({"email", "type"}),
        "phones": frozenset({"phone", "type", "wa_id"}),
        "urls": frozenset({"url", "type"}),
    }
)
_NAME = frozenset({"formatted_name", "first_name", "last_name", "middle_name", "suffix", "prefix"})
_ORG = frozenset({"company", "department", "title"})
_CONTACT = frozenset({"birthday", "name", "org", *_LISTS})


def check_contacts(value: object) -> None:
    if not isinstance(value, list):
        raise invalid("Param contacts must be an array.")
    if not value:
        raise required("contacts")
    if len(value) > _MOST:
        raise refuse(131009, f"Too many contacts. Max allowed contacts: {_MOST}")
    for index, contact in enumerate(value):
        _check_contact(contact, f"contacts[{index}]")


def _check_contact(value: object, param: str) -> None:
    contact = as_object(value, param)
    only(contact, _CONTACT, param)
    _check_name(contact, param)
    optional_text(contact, "birthday", param, ANY_LENGTH)
    if contact.get("org") is not None:
        _check_texts(contact["org"], _ORG, member(param, "org"))
    for name, members in _LISTS.items():
        if contact.get(name) is not None:
            place = member(param, name)
            for index, one in enumerate(array_at(contact, name, param)):
                _check_texts(one, members, f"{place}[{index}]")


def _check_name(contact: Object, param: str) -> None:
    """``formatted_name`` and one more part."""
    if contact.get("name") is None:
        raise required(member(param, "name"))
    place = member(param, "name")
    name = _check_texts(contact["name"], _NAME, place)
    text_at(name, "formatted_name", place, _FORMATTED)
    if not any(name.get(part) for part in _NAME - {"formatted_name"}):
        raise refuse(
            131009, "At least one of the optional name parameters needs to be included along with formatted_name"
        )


def _check_texts(value: object, members: frozenset[str], param: str) -> Object:
    """An object of texts."""
    found = as_object(value, param)
    only(found, members, param)
    for name in members:
        optional_text(found, name, param, ANY_LENGTH)
    return found
