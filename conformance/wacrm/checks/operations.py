"""The API's operations as parameters of checks."""

from __future__ import annotations

import pytest

from conformance.wacrm.specification import OPENAPI

OPERATIONS = OPENAPI.operations
WITH_BODY = [operation for operation in OPERATIONS if operation.has_body]
WITH_ID = [operation for operation in OPERATIONS if operation.takes_id]
SENDS = ("sendMessage", "createBroadcast")
"""Operations that make the deployment call Meta."""

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
each_with_body = pytest.mark.parametrize("operation", WITH_BODY, ids=[operation.id for operation in WITH_BODY])
each_with_id = pytest.mark.parametrize("operation", WITH_ID, ids=[operation.id for operation in WITH_ID])
