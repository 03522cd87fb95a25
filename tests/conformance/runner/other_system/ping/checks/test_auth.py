from conformance.target import expect
from conformance.target.expect import requirement


@requirement("TOY-AUTH-01")
def test_a_stranger_is_refused(stranger: int | None) -> None:
    expect.equal(stranger, 401, "the status")
