"""The assembled application: small services that know each other, and nothing global."""

import ssl
from functools import cache, partial

from reference.wacrm.domain import broadcasts, messages
from reference.wacrm.domain.admission import Admission
from reference.wacrm.domain.broadcasts import Broadcasts
from reference.wacrm.domain.contacts import Contacts
from reference.wacrm.domain.conversations import Conversations
from reference.wacrm.domain.keys import Keys
from reference.wacrm.domain.limiter import Limiter
from reference.wacrm.domain.messages import Messages
from reference.wacrm.domain.phones import Phones
from reference.wacrm.domain.tags import Tags
from reference.wacrm.inbound import customer_messages as inbound
from reference.wacrm.inbound import meta_webhook
from reference.wacrm.inbound.customer_messages import Inbound
from reference.wacrm.inbound.media import Media
from reference.wacrm.inbound.meta_webhook import MetaWebhook
from reference.wacrm.meta.composing import Composer
from reference.wacrm.meta.early_statuses import EarlyStatuses
from reference.wacrm.meta.graph_client import Graph
from reference.wacrm.meta.sending import Sender
from reference.wacrm.protocol.bodies import Bodies
from reference.wacrm.protocol.envelope import Envelope
from reference.wacrm.settings import Settings
from reference.wacrm.storage.clock import Clock, Ids
from reference.wacrm.storage.database import Storage
from reference.wacrm.storage.keyset_pages import Pages
from reference.wacrm.webhooks.allowed_targets import Targets
from reference.wacrm.webhooks.dispatcher import Dispatcher
from reference.wacrm.webhooks.endpoints import Endpoints


class Wacrm:
    """Every service of one application, in the order in which they need each other.

    Accounts and keys of the settings are in place. Routes call through it, and a patch changes a step of a service.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bodies, self.envelope = Bodies(), Envelope()
        self.db, self.clock = Storage(settings.db), Clock()
        self.ids, self.pages = Ids(self.clock), Pages()
        self._add_outbound(settings)
        self._add_domain(settings)
        self._add_inbound(settings)

    def _add_outbound(self, settings: Settings) -> None:
        """Towards Meta's Graph API and towards the accounts' webhook endpoints."""
        self.composer = Composer()
        self.early_statuses = EarlyStatuses(self.db, self.clock)
        self.graph = Graph(settings.graph_url, settings.graph_timeout)
        self.sender = Sender(self.graph, self.early_statuses, self.clock)
        self.targets = Targets(settings.webhook_allow, only_allowed=settings.webhook_only_allowed)
        self.endpoints = Endpoints(self.db, self.clock, self.ids, self.targets, settings.webhook_failures)
        tls = cache(partial(_tls_context, settings))
        self.dispatcher = Dispatcher(self.endpoints, self.targets, self.clock, tls, settings.webhook_timeout)

    def _add_domain(self, settings: Settings) -> None:
        db, clock, ids = self.db, self.clock, self.ids
        self.keys = Keys(db, clock)
        self.keys.provision(settings.accounts)
        self.media = Media(self.keys, self.graph)
        self.limiter = Limiter(clock, settings.limit, settings.window)
        self.admission = Admission(self.keys, self.limiter)
        self.phones = Phones()
        self.tags = Tags(db, ids)
        self.contacts = Contacts(db, clock, ids, self.tags, self.phones)
        self.conversations = Conversations(db, clock, ids, self.tags)
        self.messages = Messages(db, clock, ids, messages.Services(
            self.keys, self.contacts, self.conversations, self.phones,
            self.composer, self.sender, self.early_statuses, self.dispatcher,
        ))  # fmt: skip
        self.broadcasts = Broadcasts(db, clock, ids, broadcasts.Services(
            self.keys, self.phones, self.composer, self.sender, self.early_statuses,
        ))  # fmt: skip

    def _add_inbound(self, settings: Settings) -> None:
        """What Meta's webhook brings."""
        self.inbound = Inbound(self.db, inbound.Services(
            self.contacts, self.conversations, self.messages, self.broadcasts, self.phones, self.dispatcher,
        ))  # fmt: skip
        self.meta_webhook = MetaWebhook(
            meta_webhook.Secrets(settings.app_secret, settings.verify_token),
            meta_webhook.Services(self.keys, self.messages, self.broadcasts, self.early_statuses, self.inbound),
        )

    async def close(self) -> None:
        """Stop all background work and let go of connections."""
        await self.meta_webhook.close()
        await self.broadcasts.close()
        await self.dispatcher.close()
        await self.graph.close()
        self.db.close()


def _tls_context(settings: Settings) -> ssl.SSLContext:
    """Made with the first delivery: loading the authorities takes longer than all the rest of a start."""
    context = ssl.create_default_context()
    if settings.webhook_ca is not None:
        context.load_verify_locations(settings.webhook_ca)
    return context
