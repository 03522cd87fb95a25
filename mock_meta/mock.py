"""The whole state of one mock Meta, and the two things that happen in it: a message goes out, a message comes in."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from mock_meta.accounts import Account, Accounts, PhoneNumber, Template, TemplateCategory
from mock_meta.behaviour import Behaviour, Step
from mock_meta.conversations import Conversations, Sent
from mock_meta.delivery import Dispatcher, HttpPoster, Poster, RetryPlan
from mock_meta.faults import Faults
from mock_meta.ids import Ids
from mock_meta.ledger import Ledger
from mock_meta.media import MediaStore
from mock_meta.numbers import whatsapp_id
from mock_meta.payloads import envelope, messages_value, status_item
from mock_meta.rules.message import Message
from mock_meta.settings import Settings
from mock_meta.webhooks import Webhooks

Clock = Callable[[], float]
WINDOW = 86400.0


class Mock:
    """Everything ``create_app`` assembles. ``clock`` gives unix seconds; ``poster`` None is HTTP."""

    def __init__(self, settings: Settings, clock: Clock = time.time, poster: Poster | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.ids = Ids(settings.ids_seed)
        self.accounts = Accounts()
        self.ledger = Ledger()
        self.behaviour = Behaviour(settings.seed, settings.profile)
        self.faults = Faults()
        self.conversations = Conversations()
        self.media = MediaStore(self.ids)
        self.poster = poster or HttpPoster(settings.webhook_timeout, settings.webhook_ca)
        retry = RetryPlan(scale=settings.retry_scale)
        self.dispatcher = Dispatcher(self.poster.post, self.ledger, retry, settings.webhook_concurrency)
        self.webhooks = Webhooks(self.dispatcher)
        self.in_flight = 0
        self._planned: set[asyncio.TimerHandle] = set()

    @property
    def pending_webhooks(self) -> int:
        """Statuses not yet due plus deliveries not yet acknowledged or given up."""
        return len(self._planned) + self.dispatcher.pending

    def reset(self, *, accounts: bool = False) -> None:
        """Back to the start: evidence, faults, behaviours and conversations go, accounts only if asked."""
        for timer in self._planned:
            timer.cancel()
        self._planned.clear()
        self.dispatcher.clear()
        self.ledger.clear()
        self.faults.clear()
        self.behaviour.clear()
        self.conversations.clear()
        self.media.clear()
        if accounts:
            self.accounts.clear()

    async def stop(self) -> None:
        for timer in self._planned:
            timer.cancel()
        self._planned.clear()
        await self.dispatcher.stop()
        await self.poster.close()

    def accept(self, account: Account, phone: PhoneNumber, message: Message, template: Template | None) -> Sent:
        """Meta takes a message: it gets an id, and what becomes of it is planned."""
        now = self.clock()
        wa_id = whatsapp_id(message.digits)
        pair = (phone.id, wa_id)
        origin = template.category.value.lower() if template else "service"
        in_window = self.conversations.window_open(pair, now, WINDOW)
        utility = template is not None and template.category is TemplateCategory.UTILITY
        sent = Sent(
            wamid=self.ids.wamid(wa_id),
            waba_id=account.waba_id,
            phone_number_id=phone.id,
            to=message.digits,
            wa_id=wa_id,
            type=message.type,
            at=now,
            nth=self.conversations.next_number(pair),
            origin=origin,
            free=template is None or (utility and in_window),
            opaque=message.opaque,
            conversation=self.ids.hexadecimal(32),
        )
        self.conversations.add_sent(sent)
        self.schedule(account, phone, sent, self.behaviour.plan(sent))
        return sent

    def schedule(self, account: Account, phone: PhoneNumber, sent: Sent, steps: tuple[Step, ...]) -> None:
        """Announce each step when it is due, counted from now."""
        loop = asyncio.get_running_loop()
        for step in steps:
            self._later(loop, step.after, partial(self._announce, account, phone, sent, step))

    def _later(self, loop: asyncio.AbstractEventLoop, delay: float, action: Callable[[], None]) -> None:
        def due() -> None:
            self._planned.discard(timer)
            action()

        timer = loop.call_later(delay, due)
        self._planned.add(timer)

    def _announce(self, account: Account, phone: PhoneNumber, sent: Sent, step: Step) -> None:
        item = status_item(account, sent, step, self.clock())
        payload = envelope(account.waba_id, "messages", messages_value(phone, statuses=[item]))
        self.webhooks.publish(account, payload, lane=sent.wamid)
