"""`send`: text, template and media, to new and known recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.meta.templates import GREETING
from loadtests.users import message_records
from loadtests.users.scenario import Scenario
from loadtests.users.user import OpenModelUser, task

if TYPE_CHECKING:
    from loadtests.users.task import Task

LINKS = {
    "image": "https://media.wacrm.invalid/photo.jpg",
    "video": "https://media.wacrm.invalid/clip.mp4",
    "document": "https://media.wacrm.invalid/invoice.pdf",
}
"""Places that do not exist (RFC 2606): neither the target nor the mock fetches them."""


SEND = Scenario(
    "send",
    "text, template and media messages, to known and new recipients",
    slos={"operations": {"send/sendMessage": {"p95": 2.0}}},
)


class SendScenario(OpenModelUser):
    """Agents and automations write to customers."""

    scenario = SEND

    @task(SEND, 140, "text")
    def text_to_known(self, task: Task) -> None:
        self._text(task, task.worker.recipients.known())

    @task(SEND, 60, "text", "new")
    def text_to_new(self, task: Task) -> None:
        self._text(task, task.worker.recipients.new())

    @task(SEND, 60, "template")
    def template(self, task: Task) -> None:
        worker = task.worker
        to, nonce = worker.recipients.known(), worker.nonce()
        params = [nonce, str(worker.rng.randrange(10_000))]
        body = {"type": "template", "template": {"name": GREETING, "language": "en_US", "params": params}}
        task.send(to, message_records.template(GREETING, "en_US", params), nonce, body)

    @task(SEND, 40, "media")
    def media(self, task: Task) -> None:
        worker = task.worker
        to, nonce = worker.recipients.known(), worker.nonce()
        kind = worker.rng.choice(list(LINKS))
        caption = f"Here you are: {nonce}"
        filename = "invoice.pdf" if kind == "document" else None
        body = {"type": kind, "media_url": LINKS[kind], "text": caption} | ({"filename": filename} if filename else {})
        task.send(to, message_records.media(kind, LINKS[kind], caption, filename), nonce, body)

    def _text(self, task: Task, to: str) -> None:
        nonce = task.worker.nonce()
        text = f"Your parcel {nonce} is on its way. 📦 Grüße!"
        if task.send(to, message_records.text(text), nonce, {"text": text}):
            task.worker.recipients.remember(to)
