"""PAGE, CONT: lists and contacts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.reference.wacrm.conftest import Deployment, says
from tests.reference.wacrm.faults.scenarios.log import Log, of


@of("PAGE", "CONV", "CONT")
def walks(wacrm: Deployment, log: Log) -> None:
    ticks = iter(range(100_000))
    wacrm.wacrm.clock.now = lambda: f"2026-01-01T00:{next(ticks) // 600:02d}:00.000Z"  # type: ignore[method-assign]
    for n in range(7):
        wacrm.contact(f"+1416555010{n}", name="ab"[n % 2], tags=["t"] if n % 2 else [])
        wacrm.hook("message.received")
    wacrm.inbound(*[says(f"{n}", f"wamid.{n}", f"1415555{n:04d}") for n in range(105)])
    wacrm.inbound(*[says(f"{n}", f"wamid.x{n}", "14155550000") for n in range(55)])
    wacrm.inbound(says("late", "wamid.late", "14155550050"))
    long = wacrm.get("/conversations", contact_id=wacrm.get("/contacts", search="+14155550000").json()["data"][0]["id"])
    messages = f"/conversations/{long.json()['data'][0]['id']}/messages"
    tag = wacrm.get("/contacts", search="+14165550101").json()["data"][0]["tags"][0]["id"]
    for path in ("/contacts", "/conversations", messages, "/webhooks"):
        for limit in (None, 1, 3, 50, 100, 1000):
            log(path, limit, *_walk(wacrm, path, {} if limit is None else {"limit": limit}, 10))
    for filters in ({"search": "b"}, {"tag": tag}):
        log(*_walk(wacrm, "/contacts", {"limit": 1, **filters}, 10))
    for limit in (5, 54, 55, 56):
        log(*_walk(wacrm, messages, {"limit": limit}, 15))
    for path in ("/contacts", "/conversations", messages):
        first = wacrm.get(path, limit=3).json()
        wacrm.inbound(
            says("new", f"wamid.new{len(path)}", f"1417555{len(path):04d}"),
            says("n", f"wamid.n{len(path)}", "14155550000"),
        )
        log([row["id"] for row in first["data"]])
        rest = wacrm.get(path, limit=3, cursor=first["meta"]["next_cursor"]).json()
        log([row["id"] for row in rest["data"]])


def _walk(wacrm: Deployment, path: str, params: dict[str, Any], most: int) -> list[str]:
    rows, cursor = [], None
    for _ in range(most):
        page = wacrm.get(path, **params, **({"cursor": cursor} if cursor else {})).json()
        rows += [f"{row['id']} {row.get('name')}" for row in page["data"]] + ["|"]
        cursor = page["meta"]["next_cursor"]
        if cursor is None:
            break
    return [str(len(rows)), *rows]


@of("CONT")
def an_address_book(wacrm: Deployment, log: Log) -> None:
    full = {
        "phone": "+14155550101",
        "name": "Ümit 100%",
        "email": "U@B.c",
        "company": "Acme",
        "tags": ["VIP", "vip", "b", "c"],
    }
    first = wacrm.post("/contacts", full)
    contact = first.json()["data"]
    log(first, wacrm.post("/contacts", {**full, "name": "x", "email": "y", "company": "z", "tags": ["q"]}))
    path = f"/contacts/{contact['id']}"
    wacrm.contact("+14165550199", name="nobody")
    for text in ("%", "ümi", "u@b", "ÜMIT", "550101", "acme", "1415"):
        log(wacrm.get("/contacts", search=text))
    other = wacrm.contact("+14155550102", tags=["b", "z"])
    for tag in contact["tags"] + other["tags"]:
        log(wacrm.get("/contacts", tag=tag["id"]))
    stamps = [contact]
    changes: list[dict[str, Any]] = [
        {"company": "New"},
        {"company": None},
        {"tags": ["b"]},
        {"tags": []},
        {"name": None},
        {"email": "x"},
    ]
    for change in changes:
        log(wacrm.patch(path, change), wacrm.get(path))
        stamps.append(wacrm.get(path).json()["data"])
        log(stamps[-1]["updated_at"] > stamps[-2]["updated_at"], stamps[-1]["created_at"] == stamps[-2]["created_at"])
    log(
        wacrm.post("/contacts", {"phone": "+4414155550101"}),
        wacrm.get(path),
        wacrm.post("/contacts", {"phone": "+0155550101"}),
    )
    for phone, more in (("+14155550103", {"name": 5}), ("+14155550104", {"company": 5}), ("+14155550105", {"tags": 5})):
        log(wacrm.post("/contacts", {"phone": phone, **more}))
    log(wacrm.get("/contacts"))


@of("CONT")
def a_race_for_a_phone(wacrm: Deployment, log: Log) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wacrm.post("/contacts", {"phone": "+14155550101"}), range(8)))
    log(sorted(answer.status_code for answer in answers))


@of("CONT")
def phones_with_something_behind_them(wacrm: Deployment, log: Log) -> None:
    for form in ("{}x4", "{} (home)", "{}#4"):
        log(wacrm.post("/contacts", {"phone": form.format("+14155550170")}))
        log(wacrm.post("/messages", {"to": form.format("+14155550171"), "text": "x"}))
    log(wacrm.get("/contacts"))
