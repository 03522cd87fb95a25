"""Meta's limits as behaviour (fact sheet 14). Each is off until switched on, and each has Meta's numbers by default."""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.protocol.errors import refuse
from mock_meta.simulation.buckets import RollingCounts, TokenBuckets
from mock_meta.simulation.setting_types import Positive, PositiveSeconds, Setting

_HOUR, _DAY, _MINUTE = 3600.0, 86400.0, 60.0
_HIGH = 1000 / 80
_UNREGISTERED = 200 / 5000
_ALL = 100


class _Limit(Setting):
    enabled: bool = False


class Throughput(_Limit):
    """Messages per second and number (14.1); a HIGH number has 12.5 times as many, 1,000. Over: 130429."""

    per_second: Positive = 80


class PairRate(_Limit):
    """Messages from one number to one person (14.2): a burst, then one per ``refill_seconds``. Over: 131056."""

    burst: Positive = 45
    refill_seconds: PositiveSeconds = 6.0


class Window(_Limit):
    """The customer service window (5.6). Outside, all but templates fail with 131047, by webhook."""

    seconds: PositiveSeconds = _DAY


class MessagingLimit(_Limit):
    """Different people reached outside a window in 24 hours, per WABA (14.3). Over: 131048 by webhook."""

    users: Positive = 250


class PerHour(_Limit):
    """Calls per rolling hour."""

    per_hour: Positive = 5000


class Registrations(_Limit):
    """register and deregister calls per number in 72 hours (14.5). Over: 133016."""

    per_72_hours: Positive = 10


class LimitSettings(Setting):
    """Which limits are on, and how high they are; also what ``PUT /_control/limits`` takes."""

    throughput: Throughput = Throughput()
    pair_rate: PairRate = PairRate()
    window: Window = Window()
    messaging_limit: MessagingLimit = MessagingLimit()
    app_calls: PerHour = PerHour(per_hour=200)
    management_calls: PerHour = PerHour(per_hour=5000)
    template_creations: PerHour = PerHour(per_hour=100)
    registrations: Registrations = Registrations()

    def changed(self, asked: "LimitSettings") -> "LimitSettings":
        """A limit that is mentioned in ``asked`` is on unless it says otherwise; what is not mentioned stays as it is."""
        given = asked.model_dump(exclude_unset=True)
        limits = {
            name: getattr(self, name).model_copy(update={"enabled": True, **members}) for name, members in given.items()
        }
        return self.model_copy(update=limits)


@dataclass(frozen=True, slots=True)
class Usage:
    """Whole percentage of the hour's calls that is used, and the minutes until one is free again (0 while one is)."""

    percent: int
    minutes: int


class Limits:
    """The counters behind the settings."""

    def __init__(self) -> None:
        self.settings = LimitSettings()
        self._throughput = TokenBuckets()
        self._pairs = TokenBuckets()
        self._app = RollingCounts(_HOUR)
        self._management = RollingCounts(_HOUR)
        self._creations = RollingCounts(_HOUR)
        self._registrations = RollingCounts(3 * _DAY)
        self._reached: dict[str, OrderedDict[str, float]] = {}

    def clear(self) -> None:
        """All off, all counters at zero."""
        self.settings = LimitSettings()
        self._throughput.clear()
        self._pairs.clear()
        for counter in (self._app, self._management, self._creations, self._registrations):
            counter.clear()
        self._reached.clear()

    def check_send(self, phone: PhoneNumber, wa_id: str, now: float) -> None:
        """Throughput, then pair rate (5.5). Raises GraphError 130429 or 131056."""
        throughput, pair = self.settings.throughput, self.settings.pair_rate
        if throughput.enabled:
            most = throughput.per_second * (_HIGH if phone.throughput == "HIGH" else 1)
            if not self._throughput.take(phone.id, most, most, now):
                raise refuse(130429)
        if pair.enabled and not self._pairs.take((phone.id, wa_id), pair.burst, 1 / pair.refill_seconds, now):
            raise refuse(131056)

    def check_app(self, account: Account, now: float) -> None:
        """The app's own budget, for calls that no other counts (14.4). Raises GraphError 4."""
        limit = self.settings.app_calls
        if limit.enabled and not self._app.take(account.app.id, limit.per_hour, now):
            raise refuse(4)

    def app_usage(self, account: Account, now: float) -> Usage | None:
        """None while the limit is off."""
        limit = self.settings.app_calls
        return _usage(self._app, account.app.id, limit.per_hour, now) if limit.enabled else None

    def check_management(self, account: Account, now: float) -> None:
        """The app's budget for one WABA: a 25th of it until the WABA has a registered number. Raises GraphError 80008."""
        most = self._management_budget(account)
        if most is not None and not self._management.take((account.app.id, account.waba_id), most, now):
            raise refuse(80008)

    def management_usage(self, account: Account, now: float) -> Usage | None:
        """None while the limit is off."""
        most = self._management_budget(account)
        key = (account.app.id, account.waba_id)
        return None if most is None else _usage(self._management, key, most, now)

    def _management_budget(self, account: Account) -> int | None:
        limit = self.settings.management_calls
        if not limit.enabled:
            return None
        registered = any(phone.registered for phone in account.phones.values())
        return limit.per_hour if registered else max(1, round(limit.per_hour * _UNREGISTERED))

    def check_creation(self, account: Account, now: float) -> None:
        """Raises GraphError 80008 for the 101st template of an hour."""
        limit = self.settings.template_creations
        if limit.enabled and not self._creations.take(account.waba_id, limit.per_hour, now):
            raise refuse(80008)

    def check_registration(self, phone: PhoneNumber, now: float) -> None:
        """Raises GraphError 133016."""
        limit = self.settings.registrations
        if limit.enabled and not self._registrations.take(phone.id, limit.per_72_hours, now):
            raise refuse(133016)

    def reaches(self, waba_id: str, wa_id: str, now: float) -> bool:
        """Whether a business-initiated message may still reach the person; counts him if so."""
        limit = self.settings.messaging_limit
        if not limit.enabled:
            return True
        reached = self._reached.setdefault(waba_id, OrderedDict())
        while reached and next(iter(reached.values())) <= now - _DAY:
            reached.popitem(last=False)
        if wa_id not in reached and len(reached) >= limit.users:
            return False
        reached[wa_id] = now
        reached.move_to_end(wa_id)
        return True


def _usage(counts: RollingCounts, key: Hashable, most: int, now: float) -> Usage:
    percent = min(_ALL, _ALL * counts.count(key, now) // most)
    return Usage(percent, math.ceil(counts.wait(key, most, now) / _MINUTE))
