from conformance.target import expect
from conformance.target.api import Api
from conformance.target.expect import requirement


@requirement("TOY-PING-01")
def test_a_ping_is_answered(api: Api) -> None:
    expect.equal(expect.status(api.get("/ping"), 200).json(), {"pong": True}, "the answer")
