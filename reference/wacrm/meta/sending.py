"""One send: the request to Meta, and what can be known when its answer is lost (MSG-09)."""

import asyncio
from collections import Counter

from reference.wacrm.meta.early_statuses import EarlyStatuses
from reference.wacrm.meta.graph_client import AnswerLostError, Graph
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.settings import WhatsApp
from reference.wacrm.storage.clock import Clock

_GRACE_SECONDS = 1.0
_LOOK_SECONDS = 0.05


class Sender:
    """Sends once. A lost answer is made good by Meta's own webhook, where there is no doubt which message it means.

    A status webhook for a wamid that nobody knows, to the very number, since the request went out, and with no other
    send to that number under way, proves that Meta took the message. The limit of it: when no status arrives until
    shortly after the deadline, or two sends to one number lose their answers together, a send that Meta took is
    answered with an error. Nothing in Meta's API can be asked about it afterwards.
    """

    def __init__(self, graph: Graph, early_statuses: EarlyStatuses, clock: Clock) -> None:
        self._graph = graph
        self._early_statuses = early_statuses
        self._clock = clock
        self._under_way: Counter[tuple[str, str]] = Counter()

    async def send(self, account: str, whatsapp: WhatsApp, body: Json) -> str:
        """The wamid of an accepted message.

        Raises:
            SendError: Meta refused it, could not be reached, or nothing shows that it was taken.

        """
        place = (account, body["to"])
        since = self._clock.now()
        self._under_way[place] += 1
        try:
            return await self._graph.send(whatsapp, body)
        except AnswerLostError:
            wamid = await self.evidence(place, since)
            if wamid is None:
                raise
            return wamid
        finally:
            self._under_way[place] -= 1
            if not self._under_way[place]:
                del self._under_way[place]

    async def evidence(self, place: tuple[str, str], since: str) -> str | None:
        account, to = place
        deadline = self._clock.monotonic() + _GRACE_SECONDS
        while self._under_way[place] == 1:
            wamid = self._early_statuses.unclaimed(account, to, since)
            if wamid is not None or self._clock.monotonic() >= deadline:
                return wamid
            await asyncio.sleep(_LOOK_SECONDS)
        return None
