"""Which statuses an accepted message gets, and when: the first of these that has a say decides.

An explicit script for the recipient; a magic number; what Meta finds out later about the message itself; its limits;
the behaviour profile.
"""

from dataclasses import dataclass

from mock_meta.business.media import MediaStore
from mock_meta.business.media_inspection import HEAD, trouble
from mock_meta.business.media_links import files_in, is_sample, not_fetched
from mock_meta.ledger.ledger import Ledger
from mock_meta.rules.message import Message
from mock_meta.simulation.behaviour import Behaviour, Failure, Status, Step
from mock_meta.simulation.conversations import Conversations, Sent
from mock_meta.simulation.limits import Limits
from mock_meta.simulation.magic_numbers import Magic

_REACTED_TO = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class StatusPlan:
    """The statuses to send, in their order; ``fixed`` where nothing that is found out later can change them."""

    steps: tuple[Step, ...]
    fixed: bool = False


class StatusPlanner:
    """Plans from the state of one mock."""

    def __init__(
        self, behaviour: Behaviour, ledger: Ledger, conversations: Conversations, media: MediaStore, limits: Limits
    ) -> None:
        self._behaviour = behaviour
        self._ledger = ledger
        self._conversations = conversations
        self._media = media
        self._limits = limits

    def plan(self, sent: Sent, message: Message, magic: Magic | None, *, in_window: bool) -> StatusPlan:
        """``magic`` is what the recipient stands for; ``in_window`` whether the customer service window is open."""
        script = self._behaviour.script_for(sent)
        if script is not None:
            return StatusPlan(script, fixed=True)
        if magic is not None and magic.steps is not None:
            return StatusPlan(_applicable(sent, magic.steps), fixed=True)
        steps = _applicable(sent, self._behaviour.draw(sent, voice=_is_voice_note(message)))
        failure = self._failure(sent, message, in_window=in_window)
        return StatusPlan(steps if failure is None else failed(steps, failure))

    def _failure(self, sent: Sent, message: Message, *, in_window: bool) -> Failure | None:
        unusable = self._unusable_reaction(sent, message) or self._unusable_media(sent, message)
        if unusable is not None:
            return unusable
        if (sent.phone_number_id, sent.wa_id) in self._conversations.blocked:
            return Failure(130403)
        if in_window:
            return None
        if self._limits.settings.window.enabled and sent.type != "template":
            return Failure(131047)
        return None if self._limits.reaches(sent.waba_id, sent.wa_id, sent.at) else Failure(131048)

    def _unusable_reaction(self, sent: Sent, message: Message) -> Failure | None:
        """The target must be a message of this number's of the last 30 days, and no reaction itself (5.4)."""
        if message.type != "reaction":
            return None
        target = str(message.payload["message_id"])
        found = self._conversations.received.get(target) or self._ledger.message(target)
        if (
            found is not None
            and found.phone_number_id == sent.phone_number_id
            and found.type != "reaction"
            and sent.at - found.at <= _REACTED_TO
        ):
            return None
        return Failure(131009, details="The message to react to does not exist or cannot be reacted to")

    def _unusable_media(self, sent: Sent, message: Message) -> Failure | None:
        """An uploaded file of the wrong kind shows only now, and so does a link to a template's own sample (4.4, 6)."""
        if message.type == "text":
            return None
        for kind, file in files_in(message.type, message.payload):
            if is_sample(file.get("link")):
                return Failure(131053, details=not_fetched(403, "Forbidden"))
            media = self._media.find(str(file.get("id")), sent.at)
            mime = media.mime_type.partition(";")[0] if media else ""
            found = trouble(kind, mime, media.content[:HEAD], len(media.content)) if media else None
            if found is not None:
                return Failure(131053, details=found)
        return None


def failed(steps: tuple[Step, ...], failure: Failure) -> tuple[Step, ...]:
    """A failure in place of the steps, at the time of the first."""
    return (Step(Status.FAILED, steps[0].after if steps else 0.0, failure),)


def _is_voice_note(message: Message) -> bool:
    return message.type == "audio" and str(message.payload.get("voice")).lower() in {"true", "1"}


def _applicable(sent: Sent, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """A reaction is only ever sent: nobody is told that it was delivered or read (5.4)."""
    if sent.type != "reaction":
        return steps
    return tuple(step for step in steps if step.status in {Status.SENT, Status.FAILED})
