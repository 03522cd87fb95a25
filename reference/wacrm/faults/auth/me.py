"""AUTH-06, AUTH-07: what GET /me answers, and to whom."""

from functools import partial

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import fault
from reference.wacrm.patching.patches import answer
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError, Code, Json
from reference.wacrm.protocol.operations import Operation


@fault("AUTH-06", "a key without scopes is taken for one without any rights, the right to ask included")
def me_is_forbidden_without_scopes(wacrm: Wacrm) -> None:
    check = wacrm.admission.check_scope

    def checked(caller: Caller, operation: Operation) -> None:
        if operation is Operation.ME and not caller.scopes:
            raise ApiError(Code.FORBIDDEN, "This API key lacks every scope.")
        check(caller, operation)

    wrap(wacrm.admission, "check_scope", checked)


@fault("AUTH-06", "an empty list of scopes is falsy, and the key counts as unknown")
def key_without_scopes_is_unknown(wacrm: Wacrm) -> None:
    identify = wacrm.admission.identify

    def checked(request: Request, operation: Operation) -> Caller:
        caller = identify(request, operation)
        if operation is Operation.ME and not caller.scopes:
            raise wacrm.keys.refusal()
        return caller

    wrap(wacrm.admission, "identify", checked)


@fault("AUTH-07", "the last scope of the stored list is lost in parsing", partial(answer, Operation.ME))
def me_omits_the_last_scope(body: Json) -> None:
    body["data"]["key"]["scopes"] = body["data"]["key"]["scopes"][:-1]


@fault("AUTH-07", "scopes that another implies are listed as if they had been given", partial(answer, Operation.ME))
def me_adds_implied_scopes(body: Json) -> None:
    scopes = body["data"]["key"]["scopes"]
    implied = [scope.replace("write", "read") for scope in scopes if scope.endswith(":write")]
    scopes.extend(scope for scope in implied if scope not in scopes)


@fault("AUTH-07", "the account's name is joined from the key's row")
def me_names_the_first_account(wacrm: Wacrm) -> None:
    first = wacrm.settings.accounts[0]

    def rename(body: Json) -> None:
        body["data"]["account"] = {"id": first.id, "name": first.name}

    answer(Operation.ME, rename)(wacrm)


@fault("AUTH-07", "the answer is cached by account, and the next key of the account gets the first one's scopes")
def me_is_cached_by_account(wacrm: Wacrm) -> None:
    first: dict[str, Json] = {}

    def cached(body: Json) -> None:
        body["data"] = first.setdefault(body["data"]["account"]["id"], body["data"])

    answer(Operation.ME, cached)(wacrm)
