"""Reconciliation of a broadcast: the submission, Meta's ledger, Meta's webhooks and the API's counts.

Pure functions: records in, discrepancies out, each with the recipients concerned (BCAST-05 to BCAST-10).
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.wacrm.steps.submission import SendRequest, Submission

SHOWN = 8
"""How many recipients a discrepancy names."""


class DiscrepancyKind(StrEnum):
    MISSING = "not sent"
    DUPLICATED = "sent more than once"
    MISADDRESSED = "sent to a number that was not submitted"
    WRONG_PARAMETERS = "sent with wrong parameters"
    OVER_COUNTED = "count too high"
    UNDER_COUNTED = "count too low"


@dataclass(frozen=True)
class Discrepancy:
    """One kind of discrepancy with all recipients concerned (digits); none when it is about no recipient in
    particular.
    """

    kind: DiscrepancyKind
    who: tuple[str, ...]
    detail: str = ""

    def __str__(self) -> str:
        named = ", ".join(f"+{digits}" for digits in self.who[:SHOWN])
        more = f" and {len(self.who) - SHOWN} more" if len(self.who) > SHOWN else ""
        return " ".join(filter(None, [f"{self.kind}:", named + more, f"({self.detail})" if self.detail else ""]))


def delivery_discrepancies(
    submission: Submission, sent: Iterable[SendRequest], optional: Iterable[str] = ()
) -> list[Discrepancy]:
    """Whether every recipient got exactly its own message and nobody else got one. `optional` recipients need none."""
    taken = [request for request in sent if request.wamid is not None]
    count = Counter(request.to for request in taken)
    wrong = [
        request
        for request in taken
        if request.to in submission.recipients and not _is_as_submitted(submission, request)
    ]
    found = [
        Discrepancy(DiscrepancyKind.MISSING, _sorted(submission.recipients - set(count) - set(optional))),
        Discrepancy(
            DiscrepancyKind.DUPLICATED, _sorted(to for to, n in count.items() if n > 1 and to in submission.recipients)
        ),
        Discrepancy(DiscrepancyKind.MISADDRESSED, _sorted(set(count) - submission.recipients)),
        Discrepancy(
            DiscrepancyKind.WRONG_PARAMETERS,
            _sorted({request.to for request in wrong}),
            _first_wrong(submission, wrong),
        ),
    ]
    return [one for one in found if one.who]


def of_kinds(found: Iterable[Discrepancy], *kinds: DiscrepancyKind) -> list[Discrepancy]:
    """The discrepancies of these kinds."""
    return [one for one in found if one.kind in kinds]


def _is_as_submitted(submission: Submission, request: SendRequest) -> bool:
    same = request.template == submission.template and request.language == submission.language
    return same and request.params in submission.params[request.to]


def _first_wrong(submission: Submission, wrong: Sequence[SendRequest]) -> str:
    if not wrong:
        return ""
    request = wrong[0]
    asked = " or ".join(str(list(values)) for values in sorted(submission.params[request.to]))
    got = f"{request.template} {request.language} {list(request.params)}"
    return f"+{request.to} got {got}, not {submission.template} {submission.language} {asked}"


# -- counts ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Poll:
    """The API's answer at one moment (`at`: monotonic clock, when the answer had arrived)."""

    status: str
    total: int
    sent: int
    delivered: int
    read: int
    replied: int
    failed: int
    at: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTS}


COUNTS = ("sent", "delivered", "read", "replied", "failed")


@dataclass(frozen=True)
class ExpectedCount:
    """Recipients that must be counted, and those that may be (undecidable from outside)."""

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()

    def admits(self, count: int) -> bool:
        return len(self.must) <= count <= len(self.must | self.may)


@dataclass(frozen=True)
class MetaReports:
    """What Meta's webhooks reported, in submission: statuses by wamid, and the wamids quoted by customers' replies."""

    statuses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    quoted: frozenset[str] = frozenset()


def meta_reports(webhooks: Iterable[Mapping[str, Any]]) -> MetaReports:
    """The reports in the ledger's acknowledged webhooks."""
    statuses: dict[str, list[str]] = defaultdict(list)
    quoted: set[str] = set()
    for entry in webhooks:
        if entry["status"] == 200:
            for wamid, status in entry["statuses"]:
                statuses[wamid].append(status)
            quoted.update(_quoted(entry["payload"]))
    return MetaReports(dict(statuses), frozenset(quoted))


def _quoted(payload: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """The `context.id` of every message in a webhook's payload (Meta fact sheet, 16.2)."""
    if isinstance(payload, dict):
        context = payload.get("context")
        if isinstance(context, dict) and isinstance(context.get("id"), str):
            yield context["id"]
    inner = payload.values() if isinstance(payload, dict) else payload if isinstance(payload, list) else ()
    for value in inner:
        yield from _quoted(value)


def expected_counts(
    submission: Submission, sent: Iterable[SendRequest], reports: MetaReports, undecided: Iterable[str] = ()
) -> dict[str, ExpectedCount]:
    """Which recipients belong to which count.

    `undecided`: Meta accepted their message without the target learning it, so that `sent`, `failed` and every later
    count are right. A message that Meta accepted and then reported as `failed` may count as either; if `failed` came
    first, later reports need not count. A message that was read counts as delivered.
    """
    taken = {
        request.to: request.wamid
        for request in sent
        if request.wamid is not None and request.to in submission.recipients
    }
    unsure = frozenset(undecided)
    statuses = {to: list(reports.statuses.get(wamid, ())) for to, wamid in taken.items() if wamid}
    bounced = frozenset(to for to, got in statuses.items() if "failed" in got)
    overruled = frozenset(to for to, got in statuses.items() if got and got[0] == "failed")
    read = frozenset(to for to, got in statuses.items() if "read" in got)
    delivered = read | frozenset(to for to, got in statuses.items() if "delivered" in got)
    replied = frozenset(to for to, wamid in taken.items() if wamid in reports.quoted)
    accepted = frozenset(taken)
    return {
        "sent": _expected_count(accepted, unsure | bounced),
        "failed": ExpectedCount(submission.recipients - accepted - unsure, unsure | bounced),
        "delivered": _expected_count(delivered, unsure | overruled),
        "read": _expected_count(read, unsure | overruled),
        "replied": _expected_count(replied, unsure | overruled),
    }


def _expected_count(who: frozenset[str], perhaps: frozenset[str]) -> ExpectedCount:
    return ExpectedCount(who - perhaps, who & perhaps)


def count_discrepancies(
    poll: Poll, due: Mapping[str, ExpectedCount], names: Iterable[str] = COUNTS
) -> list[Discrepancy]:
    """The counts that differ from what is expected."""
    found = []
    for name in wrong_counts(poll, due, names):
        count, expected = poll.counts[name], due[name]
        kind = DiscrepancyKind.UNDER_COUNTED if count < len(expected.must) else DiscrepancyKind.OVER_COUNTED
        detail = f"{name}_count {count}, expected {count_range(expected)}"
        found.append(Discrepancy(kind, _sorted(expected.must | expected.may), detail))
    return found


def wrong_counts(poll: Poll, due: Mapping[str, ExpectedCount], names: Iterable[str] = COUNTS) -> list[str]:
    """The names of the counts that differ from what is expected."""
    return [name for name in names if not due[name].admits(poll.counts[name])]


def count_range(due: ExpectedCount) -> str:
    low, high = len(due.must), len(due.must | due.may)
    return str(low) if low == high else f"{low} to {high}"


def is_sum_of_recipients(submission: Submission, poll: Poll) -> bool:
    """Whether `sent` and `failed` add up to the recipients (BCAST-07)."""
    return poll.sent + poll.failed == len(submission.recipients)


def contradictions(polls: Sequence[Poll], *, may_bounce: bool = False) -> list[str]:
    """Contradictions within and between polls of one broadcast, oldest first (BCAST-09).

    With `may_bounce` a recipient that Meta first accepted and then reported as failed may move from `sent` to
    `failed`.
    """
    found = [sentence for poll in polls for sentence in _against_itself(poll)]
    for before, after in itertools.pairwise(polls):
        found += _against_earlier(before, after, may_bounce=may_bounce)
    return list(dict.fromkeys(found))


def _against_itself(poll: Poll) -> Iterator[str]:
    for less, more in (("read", "delivered"), ("delivered", "sent")):
        if poll.counts[less] > poll.counts[more]:
            yield f"{less}_count {poll.counts[less]} is more than {more}_count {poll.counts[more]}"
    if poll.sent + poll.failed > poll.total:
        yield f"sent_count {poll.sent} and failed_count {poll.failed} are more than the {poll.total} recipients"


def _against_earlier(before: Poll, after: Poll, *, may_bounce: bool) -> Iterator[str]:
    for name in COUNTS:
        fell = before.counts[name] - after.counts[name]
        bounced = may_bounce and name == "sent" and fell <= after.failed - before.failed
        if fell > 0 and not bounced:
            yield f"{name}_count fell from {before.counts[name]} to {after.counts[name]}"
    if before.status == "sent" and after.status != "sent":
        yield f"status went from 'sent' back to {after.status!r}"
    if before.total != after.total:
        yield f"total_recipients changed from {before.total} to {after.total}"


def _sorted(who: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(who))
