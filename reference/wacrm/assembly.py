"""The assembled application: small services that know each other, and nothing global."""

import ssl
from dataclasses import dataclass
from functools import cache, partial

from reference.wacrm.domain import broadcasts, messages
from reference.wacrm.domain.admission import Gate
from reference.wacrm.domain.broadcasts import Broadcasts
from reference.wacrm.domain.contacts import Contacts
from reference.wacrm.domain.conversations import Conversations
from reference.wacrm.domain.keys import Keys
from reference.wacrm.domain.limiter import Limiter
from reference.wacrm.domain.messages import Messages
from reference.wacrm.domain.phones import Phones
from reference.wacrm.domain.tags import Tags
from reference.wacrm.inbound import customer_messages as inbound
from reference.wacrm.inbound import meta_webhook as inbox
from reference.wacrm.inbound.customer_messages import Inbound
from reference.wacrm.inbound.meta_webhook import MetaInbox
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


@dataclass(frozen=True)
class Wacrm:
    """Every service of one application; routes call through it, and a fault replaces one step of one of them."""

    settings: Settings
    db: Storage
    clock: Clock
    ids: Ids
    keys: Keys
    limiter: Limiter
    gate: Gate
    bodies: Bodies
    envelope: Envelope
    pages: Pages
    phones: Phones
    tags: Tags
    contacts: Contacts
    conversations: Conversations
    composer: Composer
    early: EarlyStatuses
    graph: Graph
    sender: Sender
    targets: Targets
    endpoints: Endpoints
    dispatcher: Dispatcher
    messages: Messages
    broadcasts: Broadcasts
    inbound: Inbound
    inbox: MetaInbox

    async def close(self) -> None:
        """Stop all background work and let go of connections."""
        await self.inbox.close()
        await self.broadcasts.close()
        await self.dispatcher.close()
        await self.graph.close()
        self.db.close()


def assemble(settings: Settings) -> Wacrm:
    """Services for `settings`, with accounts and keys in place."""
    db, clock = Storage(settings.db), Clock()
    ids, phones, composer = Ids(clock), Phones(), Composer()
    keys, limiter = Keys(db, clock), Limiter(clock, settings.limit, settings.window)
    keys.provision(settings.accounts)
    tags = Tags(db, ids)
    contacts = Contacts(db, clock, ids, tags, phones)
    conversations = Conversations(db, clock, ids, tags)
    early, graph = EarlyStatuses(db, clock), Graph(settings.graph_url, settings.graph_timeout)
    sender = Sender(graph, early, clock)
    targets = Targets(settings.webhook_allow, only_allowed=settings.webhook_only_allowed)
    endpoints = Endpoints(db, clock, ids, targets, settings.webhook_failures)
    dispatcher = Dispatcher(endpoints, targets, clock, cache(partial(_trust, settings)), settings.webhook_timeout)
    for_messages = messages.Services(keys, contacts, conversations, phones, composer, sender, early, dispatcher)
    sent = Messages(db, clock, ids, for_messages)
    campaigns = Broadcasts(db, clock, ids, broadcasts.Services(keys, phones, composer, sender, early))
    received = Inbound(db, inbound.Services(contacts, conversations, sent, campaigns, phones, dispatcher))
    facing_meta = MetaInbox(
        inbox.Secrets(settings.app_secret, settings.verify_token),
        inbox.Services(keys, sent, campaigns, early, received),
    )
    return Wacrm(
        settings=settings,
        db=db,
        clock=clock,
        ids=ids,
        keys=keys,
        limiter=limiter,
        gate=Gate(keys, limiter),
        bodies=Bodies(),
        envelope=Envelope(),
        pages=Pages(),
        phones=phones,
        tags=tags,
        contacts=contacts,
        conversations=conversations,
        composer=composer,
        early=early,
        graph=graph,
        sender=sender,
        targets=targets,
        endpoints=endpoints,
        dispatcher=dispatcher,
        messages=sent,
        broadcasts=campaigns,
        inbound=received,
        inbox=facing_meta,
    )


def _trust(settings: Settings) -> ssl.SSLContext:
    """Made with the first delivery: loading the authorities takes longer than all the rest of a start."""
    context = ssl.create_default_context()
    if settings.webhook_ca is not None:
        context.load_verify_locations(settings.webhook_ca)
    return context
