"""Webhooks duplicated, held back, dropped or wrongly signed on purpose, drawn from the seed (fact sheet 15.4, 17).

A draw depends on what the webhook tells, so the same messages meet the same on every run. What is sent by hand
(``/_control/statuses``, ``webhooks``) is never touched by it.
"""

from functools import partial

from mock_meta.business.accounts import Account
from mock_meta.simulation.behaviour import Behaviour
from mock_meta.simulation.seeded_random import SeededRandom
from mock_meta.simulation.setting_types import Probability, Seconds, Setting
from mock_meta.webhooks.delivery import Delivery
from mock_meta.webhooks.payloads import Payload
from mock_meta.webhooks.signed_webhooks import Signing, Webhooks
from mock_meta.webhooks.timers import Timers


class Chaos(Setting):
    """Probabilities from 0 to 1, each drawn on its own for every webhook; seconds for how long things are held back.

    ``reorder`` holds a webhook back for up to ``reorder_seconds`` and out of its message's order; ``delay`` adds
    ``delay_seconds``.
    """

    duplicate: Probability = 0.0
    reorder: Probability = 0.0
    reorder_seconds: Seconds = 1.0
    delay: Probability = 0.0
    delay_seconds: Seconds = 5.0
    drop: Probability = 0.0
    wrong_signature: Probability = 0.0

    @property
    def active(self) -> bool:
        return any((self.duplicate, self.reorder, self.delay, self.drop, self.wrong_signature))


class ChaosPublisher:
    """Publishes what Meta tells by itself and what customers write, through chaos if asked for."""

    def __init__(self, webhooks: Webhooks, behaviour: Behaviour, timers: Timers) -> None:
        self.chaos = Chaos()
        self.dropped = 0
        self._webhooks = webhooks
        self._behaviour = behaviour
        self._timers = timers

    def clear(self) -> None:
        """No chaos, nothing dropped."""
        self.chaos, self.dropped = Chaos(), 0

    def change(self, asked: Chaos) -> None:
        """What is mentioned; the rest stays as it is."""
        self.chaos = self.chaos.model_copy(update=asked.model_dump(exclude_unset=True))

    def publish(self, account: Account, payload: Payload, key: str, lane: str | None = None) -> list[Delivery]:
        """The deliveries that set off at once. ``key`` names the webhook within the run, for the draws."""
        if not self.chaos.active:
            sent = self._webhooks.publish(account, payload, lane=lane)
            return [] if sent is None else [sent]
        return self._publish_with_chaos(account, payload, lane, self._behaviour.keyed(f"chaos|{key}"))

    def _publish_with_chaos(
        self, account: Account, payload: Payload, lane: str | None, draws: SeededRandom
    ) -> list[Delivery]:
        chaos = self.chaos
        dropped, doubled, forged, shuffled, delayed = (
            draws.random() < chance
            for chance in (chaos.drop, chaos.duplicate, chaos.wrong_signature, chaos.reorder, chaos.delay)
        )
        if dropped:
            self.dropped += 1
            return []
        wait = (draws.uniform(0, chaos.reorder_seconds) if shuffled else 0.0) + (
            chaos.delay_seconds if delayed else 0.0
        )
        signing = Signing.WRONG if forged else Signing.VALID
        times = 2 if doubled else 1
        if wait:
            for _ in range(times):
                self._timers.after(wait, partial(self._webhooks.publish, account, payload, signing=signing))
            return []
        sent = (self._webhooks.publish(account, payload, lane=lane, signing=signing) for _ in range(times))
        return [one for one in sent if one is not None]
