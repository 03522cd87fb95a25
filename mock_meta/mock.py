"""The whole state of one mock Meta, and the two things that happen in it: a message goes out, a message comes in."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from mock_meta.business.accounts import Account, Accounts, PhoneNumber, Template, TemplateCategory
from mock_meta.business.media import MediaStore
from mock_meta.business.media_links import Link, LinkChecker, links_in
from mock_meta.business.uploads import Uploads
from mock_meta.ledger.ledger import Ledger, keep_written
from mock_meta.ledger.store import Store
from mock_meta.protocol.ids import Ids
from mock_meta.rules.message import Message
from mock_meta.settings import Settings
from mock_meta.simulation.behaviour import Behaviour, Failure, Status, Step
from mock_meta.simulation.conversations import Conversations, Sent
from mock_meta.simulation.faults import Faults
from mock_meta.simulation.limits import Limits
from mock_meta.simulation.magic_numbers import Magic
from mock_meta.simulation.review_settings import ReviewSettings
from mock_meta.simulation.status_plan import StatusPlanner, failed
from mock_meta.simulation.template_pacing import Pacing
from mock_meta.webhooks.chaos import ChaosPublisher
from mock_meta.webhooks.delivery import Dispatcher, RetryPlan
from mock_meta.webhooks.outgoing_updates import STATUSES, OutgoingUpdates
from mock_meta.webhooks.pause import Pause
from mock_meta.webhooks.payloads import group_items, status_item
from mock_meta.webhooks.signed_webhooks import Webhooks
from mock_meta.webhooks.timers import Timers
from mock_meta.webhooks.transport import HttpTransport, Transport

Clock = Callable[[], float]


class Mock:
    """Everything ``create_app`` assembles. ``clock`` gives unix seconds; ``transport`` None is HTTP.

    ``planned`` are webhooks that are not due yet; ``distant`` is what nobody waits for, such as the end of a three-hour pause.
    """

    def __init__(self, settings: Settings, clock: Clock = time.time, transport: Transport | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.ids = Ids(settings.ids_seed)
        self.accounts = Accounts()
        self.ledger = Ledger(Store(settings.ledger))
        self.behaviour = Behaviour(settings.seed, settings.profile)
        self.faults = Faults(settings.seed)
        self.conversations = Conversations()
        self.media = MediaStore(self.ids)
        self.uploads = Uploads(self.ids)
        self.limits = Limits()
        self.planner = StatusPlanner(self.behaviour, self.ledger, self.conversations, self.media, self.limits)
        self.transport = transport or HttpTransport(settings.webhook_timeout, settings.webhook_ca)
        self.pause = Pause()
        retry = RetryPlan(scale=settings.retry_scale)
        self.dispatcher = Dispatcher(self.transport.post, self.pause, self.ledger, retry, settings.webhook_concurrency)
        self.webhooks = Webhooks(self.dispatcher, self.ledger.last_delivery() + 1)
        self.reviews = ReviewSettings()
        self.pacing = Pacing()
        self.in_flight = 0
        self._writing: asyncio.Task[None] | None = None
        self.links = LinkChecker(settings.allowed_hosts, settings.webhook_timeout, settings.webhook_ca)
        self._fetching: set[asyncio.Task[None]] = set()
        self.planned = Timers()
        self.distant = Timers()
        self.publisher = ChaosPublisher(self.webhooks, self.behaviour, self.planned)
        self.outgoing = OutgoingUpdates(self.publisher, self.planned)

    @property
    def pending_webhooks(self) -> int:
        """Statuses not yet due, messages whose files are being fetched, deliveries not yet acknowledged or given up."""
        return len(self.planned) + len(self._fetching) + self.dispatcher.pending

    def reset(self, *, accounts: bool = False) -> None:
        """Back to the start: evidence, faults, behaviours and conversations go, accounts only if asked."""
        self._forget_plans()
        self.dispatcher.clear()
        self.ledger.clear()
        self.faults.clear()
        self.pause.resume()
        self.behaviour.clear()
        self.conversations.clear()
        self.media.clear()
        self.uploads.clear()
        self.links.clear()
        self.pacing.clear()
        self.limits.clear()
        self.publisher.clear()
        self.outgoing.clear()
        self.webhooks.suppressed = 0
        self.reviews = ReviewSettings()
        if accounts:
            self.accounts.clear()

    def start(self) -> None:
        """What needs a running loop: a ledger on disk is written on time."""
        if self.ledger.file is not None:
            self._writing = asyncio.get_running_loop().create_task(keep_written(self.ledger, self.ledger.file))

    async def stop(self) -> None:
        self._forget_plans()
        await self.dispatcher.stop()
        await self.transport.close()
        if self._writing is not None:
            self._writing.cancel()
        self.ledger.close()

    def accept(
        self, account: Account, phone: PhoneNumber, message: Message, template: Template | None, magic: Magic | None
    ) -> Sent:
        """Meta takes a message: it gets an id, and its statuses are planned. ``magic`` is what its recipient stands for."""
        now = self.clock()
        in_window = self.conversations.window_open((phone.id, message.wa_id), now, self.limits.settings.window.seconds)
        sent = self._sent(phone, message, template, now, in_window=in_window)
        plan = self.planner.plan(sent, message, magic, in_window=in_window)
        links = [] if plan.fixed else self._links_to_fetch(message)
        if template is not None and self.pacing.must_wait(template):
            self.pacing.hold(template, sent.wamid, partial(self._after_pacing, account, phone, sent, plan.steps))
        elif links:
            self._start(self._schedule_fetched(account, phone, sent, plan.steps, links))
        else:
            self.schedule(account, phone, sent, plan.steps)
        return sent

    def _sent(
        self, phone: PhoneNumber, message: Message, template: Template | None, now: float, *, in_window: bool
    ) -> Sent:
        utility = template is not None and template.category is TemplateCategory.UTILITY
        return Sent(
            wamid=self.ids.wamid(message.wa_id),
            waba_id=phone.waba_id,
            phone_number_id=phone.id,
            to=message.digits,
            wa_id=message.wa_id,
            type=message.type,
            at=now,
            nth=self.conversations.next_outbound_number((phone.id, message.wa_id)),
            origin=template.category.value.lower() if template else "service",
            free=template is None or (utility and in_window),
            opaque=message.opaque,
        )

    def _after_pacing(
        self, account: Account, phone: PhoneNumber, sent: Sent, steps: tuple[Step, ...], *, good: bool
    ) -> None:
        self.schedule(account, phone, sent, steps if good else (Step(Status.FAILED, 0.0, Failure(132015)),))

    def _links_to_fetch(self, message: Message) -> list[Link]:
        if message.type == "text":
            return []
        return [link for link in links_in(message.type, message.payload) if self.links.may_fetch(link)]

    async def _schedule_fetched(
        self, account: Account, phone: PhoneNumber, sent: Sent, steps: tuple[Step, ...], links: list[Link]
    ) -> None:
        """The planned steps, unless one of the files cannot be used."""
        for link in links:
            trouble = await self.links.trouble(link)
            if trouble is not None:
                steps = failed(steps, Failure(131053, details=trouble))
                break
        self.schedule(account, phone, sent, steps)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    def schedule(self, account: Account, phone: PhoneNumber, sent: Sent, steps: tuple[Step, ...]) -> None:
        """Send each status when it is due, counted from now."""
        for place, step in enumerate(steps):
            self.planned.after(step.after, self._send_status, account, phone, sent, place, step)

    def _forget_plans(self) -> None:
        for task in self._fetching:
            task.cancel()
        self._fetching.clear()
        self.planned.clear()
        self.distant.clear()

    def _send_status(self, account: Account, phone: PhoneNumber, sent: Sent, place: int, step: Step) -> None:
        item = status_item(account, sent, step, self.clock())
        key = f"{sent.phone_number_id}|{sent.wa_id}|{sent.nth}|{place}"
        group = phone.groups.get(sent.wa_id)
        if group is None:
            self.outgoing.add(account, phone, STATUSES, item, key, sent.wamid)
            return
        for one in group_items(account, group, item):
            self.outgoing.add(account, phone, STATUSES, one, f"{key}|{one['recipient_participant_id']}", sent.wamid)
