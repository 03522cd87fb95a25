"""ENV-05: ids that cannot exist, in paths and in filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.expect import requirement
from conformance.wacrm.checks.operations import each_with_id
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps import malformed_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]


NOT_FOUND_OR_BAD_REQUEST = ((404, "not_found"), (400, "bad_request"))


@requirement("ENV-05")
@each_with_id
def test_an_invalid_uuid_is_not_found(operation: Operation, calls: Calls, api: Api) -> None:
    body = calls.to_nothing(operation).json
    for id_ in malformed_input.INVALID_UUIDS:
        envelope.error(
            api.call(operation.method, operation.url(malformed_input.escaped(id_)), json=body),
            *NOT_FOUND_OR_BAD_REQUEST,
        )


@requirement("ENV-05")
@pytest.mark.parametrize(("path", "name"), [("/contacts", "tag"), ("/conversations", "contact_id")])
def test_an_invalid_uuid_in_a_filter_is_not_found(path: str, name: str, calls: Calls, api: Api) -> None:
    calls.account.contact(tags=[calls.account.marker()])
    for id_ in malformed_input.INVALID_UUIDS:
        envelope.error(api.get(path, **{name: id_}), *NOT_FOUND_OR_BAD_REQUEST)
    envelope.error(api.get(path, **{name: "x", "limit": 1}), *NOT_FOUND_OR_BAD_REQUEST)
