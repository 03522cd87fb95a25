"""Which statuses a profile, a distribution and a script make, and that a seed repeats them."""

import pytest

from mock_meta.simulation.behaviour import PROFILES, Behaviour, Chance, Distribution, Status, Step
from mock_meta.simulation.conversations import Sent
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside


def sent(nth: int = 1, wa_id: str = PERSON) -> Sent:
    return Sent("wamid.x", WABA, PHONE, wa_id, wa_id, "text", 0.0, nth, "service", free=True)


def test_one_seed_one_plan_whatever_the_order() -> None:
    one, other = Behaviour(7, "realistic"), Behaviour(7, "realistic")
    people = [f"9990000{number:04d}" for number in range(50)]
    forwards = {person: one.draw(sent(wa_id=person)) for person in people}
    backwards = {person: other.draw(sent(wa_id=person)) for person in reversed(people)}
    assert forwards == backwards
    assert forwards != {person: Behaviour(8, "realistic").draw(sent(wa_id=person)) for person in people}


def test_profiles() -> None:
    assert Behaviour(1, "instant").draw(sent()) == tuple(
        Step(status, 0.0) for status in (Status.SENT, Status.DELIVERED, Status.READ)
    )
    assert Behaviour(1, "silent").draw(sent()) == ()
    plans = [Behaviour(1, "realistic").draw(sent(nth)) for nth in range(2000)]
    failed = sum(plan[0].status is Status.FAILED for plan in plans)
    read = sum(plan[-1].status is Status.READ for plan in plans)
    assert 15 <= failed <= 70
    assert 1200 <= read <= 1450
    assert all(0.5 <= plan[0].after <= 5.0 for plan in plans)
    assert set(PROFILES) == {"instant", "fast", "realistic", "silent"}


def test_precedence() -> None:
    behaviour = Behaviour(1, "instant")
    behaviour.set_account(WABA, Distribution(delivered=Chance(0.0)))
    assert [step.status for step in behaviour.draw(sent())] == [Status.SENT]
    behaviour.set_script([PERSON], [Step(Status.FAILED, 1.0)])
    assert behaviour.script_for(sent()) == (Step(Status.FAILED, 1.0),)
    behaviour.clear()
    assert behaviour.script_for(sent()) is None
    assert len(behaviour.draw(sent())) == 3


@pytest.mark.parametrize(("voice", "last"), [(True, "played"), (False, "read")])
def test_voice_notes_are_played(inside: Inside, *, voice: bool, last: str) -> None:
    inside.control("PUT", "/behaviour", {"sent": {}, "delivered": {}, "read": {}, "played": {}})
    inside.send(type="audio", text=None, audio={"link": "https://s.example/a.ogg", "voice": voice})
    inside.rest()
    names = [status["status"] for status in inside.posts.statuses()]
    assert names[:3] == ["sent", "delivered", "read"]
    assert names[-1] == last
