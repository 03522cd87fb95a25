"""HOOK-10, HOOK-11: failed deliveries and slow receivers."""

import asyncio
from typing import Any

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.hook.patches import after_a_change
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import sql
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import WebhookPatch
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.webhooks.dispatcher import Delivery, DeliveryClient


class _BlockingClient(DeliveryClient):
    """Waits for the receiver without letting anybody else work."""

    async def post(self, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]) -> int:
        with httpx.Client(verify=self._tls, timeout=self._timeout, trust_env=False) as client:
            answer = client.post(  # noqa: ASYNC212 - the very mistake
                url.copy_with(host=address),
                content=body,
                headers=headers | {"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.host.rstrip(".")},
            )
        return answer.status_code


ROWS = (
    Fault("HOOK-10", "any-change-resets-the-count",
          after_a_change("UPDATE webhook_endpoints SET failure_count = 0 WHERE id = :id", "events"),
          "any change of an endpoint resets its failure count"),
    Fault("HOOK-10", "success-does-not-reset-the-count",
          sql("endpoints.success", "failure_count = 0", "failure_count = failure_count"),
          "the count is of all failures, not of consecutive ones"),
    Fault("HOOK-10", "switching-on-keeps-the-count",
          sql("endpoints.change", "failure_count = :failure_count", "failure_count = failure_count"),
          "an endpoint that is switched on again keeps its count, and goes off at the next failure"),
)  # fmt: skip


@fault("HOOK-10", "an endpoint that fails too often is deleted")
def failing_endpoint_is_deleted(wacrm: Wacrm) -> None:
    note_failure = wacrm.endpoints.note_failure

    def noted(account: str, identity: str) -> None:
        note_failure(account, identity)
        wacrm.db.run(
            "DELETE FROM webhook_endpoints WHERE id = :id AND is_active = 0 AND failure_count > 0", {"id": identity}
        )

    wrap(wacrm.endpoints, "note_failure", noted)


@fault("HOOK-10", "a 4xx answer counts as a successful delivery")
def client_errors_are_successes(wacrm: Wacrm) -> None:
    def answered(status: int) -> bool:
        return status < 500  # noqa: PLR2004 - only the server's own errors are failures

    replace_step(wacrm.dispatcher, "succeeded", answered)


@fault("HOOK-10", "the count is cleared only for an endpoint that was switched off automatically")
def pausing_keeps_the_count(wacrm: Wacrm) -> None:
    changed = wacrm.endpoints.changed

    def kept(row: Row, body: WebhookPatch) -> dict[str, object]:
        values = changed(row, body)
        if row["failure_count"] < wacrm.endpoints.failures:
            values["failure_count"] = row["failure_count"]
        return values

    wrap(wacrm.endpoints, "changed", kept)


@fault("HOOK-10", "a timeout is not counted as a failure")
def silence_is_not_counted(wacrm: Wacrm) -> None:
    attempt, note_failure = wacrm.dispatcher.attempt, wacrm.endpoints.note_failure
    silent: set[str] = set()

    async def timed(endpoint: Row, delivery: Delivery) -> bool:
        began = wacrm.clock.monotonic()
        took = await attempt(endpoint, delivery)
        late = wacrm.clock.monotonic() - began >= wacrm.dispatcher.timeout
        (silent.add if late else silent.discard)(delivery.endpoint)
        return took

    def noted(account: str, identity: str) -> None:
        if identity not in silent:
            note_failure(account, identity)

    wrap(wacrm.dispatcher, "attempt", timed)
    wrap(wacrm.endpoints, "note_failure", noted)


@fault("HOOK-10", "a redirect counts as a successful delivery")
def redirects_are_successes(wacrm: Wacrm) -> None:
    def answered(status: int) -> bool:
        return status < 400  # noqa: PLR2004 - the first status of errors

    replace_step(wacrm.dispatcher, "succeeded", answered)


@fault("HOOK-10", "only 200 counts as a successful delivery, other 2xx do not")
def other_2xx_are_failures(wacrm: Wacrm) -> None:
    def answered(status: int) -> bool:
        return status == 200  # noqa: PLR2004 - the only one thought of

    replace_step(wacrm.dispatcher, "succeeded", answered)


@fault("HOOK-10", "the count is read, and written back a moment later")
def failure_count_loses_updates(wacrm: Wacrm) -> None:
    def note(account: str, identity: str) -> None:
        row = wacrm.endpoints.find(account, identity)
        counted = {
            "id": identity,
            "failures": (row["failure_count"] if row else 0) + 1,
            "most": wacrm.endpoints.failures,
        }
        sql = (
            "UPDATE webhook_endpoints SET failure_count = :failures, is_active = is_active AND :failures < :most "
            "WHERE id = :id"
        )
        asyncio.get_running_loop().call_later(0.03, wacrm.db.run, sql, counted)

    replace_step(wacrm.endpoints, "note_failure", note)


@fault("HOOK-10", "the failure count is kept, and never deactivates an endpoint")
def failing_endpoint_is_never_switched_off(wacrm: Wacrm) -> None:
    wacrm.endpoints.failures = 2**31


@fault("HOOK-10", "the count is compared with > instead of >=")
def endpoint_is_switched_off_one_late(wacrm: Wacrm) -> None:
    wacrm.endpoints.failures += 1


@fault("HOOK-11", "deliveries are made with a blocking client in the server's only thread")
def slow_receiver_blocks_everything(wacrm: Wacrm) -> None:
    dispatcher = wacrm.dispatcher

    def blocking() -> DeliveryClient:
        return _BlockingClient(dispatcher.tls_context(), dispatcher.timeout)

    replace_step(dispatcher, "new_client", blocking)


@fault("HOOK-11", "the send waits until its events are delivered")
def send_waits_for_its_deliveries(wacrm: Wacrm) -> None:
    send, deliver = wacrm.messages.send, wacrm.dispatcher.deliver
    under_way: set[asyncio.Task[None]] = set()

    async def tracked(delivery: Delivery) -> None:
        task = asyncio.ensure_future(deliver(delivery))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await task

    async def waited(*arguments: Any) -> Json:  # noqa: ANN401 - passed on as they came
        answer = await send(*arguments)
        await asyncio.sleep(0.01)
        await asyncio.gather(*under_way, return_exceptions=True)
        return answer

    wrap(wacrm.dispatcher, "deliver", tracked)
    wrap(wacrm.messages, "send", waited)
