"""AUTH, ENV, HOOK, SPEC: what shows only in the course of a run."""

from reference.wacrm.settings import hash_key
from tests.reference.wacrm.conftest import Deployment, key, says
from tests.reference.wacrm.faults.scenarios.log import ALL_EVENTS, Log, of


@of("AUTH")
def a_key_that_is_revoked_in_use(wacrm: Deployment, log: Log) -> None:
    paths = ("/contacts", "/webhooks", "/me")
    log([wacrm.get(path).status_code for path in paths])
    wacrm.wacrm.keys.revoke(hash_key(key("A")))
    log([wacrm.get(path).status_code for path in paths])


@of("ENV")
def large_requests(wacrm: Deployment, log: Log) -> None:
    log(wacrm.post("/contacts", {"phone": "+14155550100", "note": "x" * 2**20}).status_code)
    log(wacrm.get("/contacts", search="x" * 9000).status_code)


@of("HOOK", "SPEC")
def a_busy_thread(wacrm: Deployment, log: Log) -> None:
    hook = wacrm.hook(*ALL_EVENTS)
    for n in range(4):
        wacrm.inbound(says("hi", f"wamid.{n}"))
    sent = [wacrm.send() for _ in range(3)]
    wacrm.statuses((sent[0]["whatsapp_message_id"], "read"), (sent[1]["whatsapp_message_id"], "failed"))
    wacrm.settle()
    log(*[post.event["data"] for post in wacrm.receiver.posts], wacrm.get(f"/webhooks/{hook['id']}"))
