"""Admission of every request under `/api/v1`: key, then budget, then scope, and only then the body."""

from starlette.requests import Request

from reference.wacrm.domain.keys import Caller, Keys
from reference.wacrm.domain.limiter import Limiter
from reference.wacrm.protocol.envelope import ApiError, Code
from reference.wacrm.protocol.operations import Operation, required_scopes


class Admission:
    """The order is part of the contract's measured behaviour: a 401 costs nothing, a 403 is charged (RATE-10)."""

    def __init__(self, keys: Keys, limiter: Limiter) -> None:
        self.scopes = required_scopes()
        self._keys = keys
        self._limiter = limiter

    def admit(self, request: Request, operation: Operation) -> Caller:
        """The caller, charged and allowed.

        Raises:
            ApiError: 401, 429 or 403.

        """
        request.scope["wacrm.operation"] = operation
        caller = self.identify(request, operation)
        self.charge(caller, operation)
        self.check_scope(caller, operation)
        return caller

    def identify(self, request: Request, operation: Operation) -> Caller:  # noqa: ARG002 - each step knows the operation
        return self._keys.authenticate(request.headers.get("authorization"))

    def charge(self, caller: Caller, operation: Operation) -> None:  # noqa: ARG002 - each step knows the operation
        self._limiter.charge(caller.key_hash)

    def check_scope(self, caller: Caller, operation: Operation) -> None:
        required = self.scopes[operation]
        if required is not None and required not in caller.scopes:
            raise ApiError(Code.FORBIDDEN, f"This API key lacks the scope {required}.")
