"""The live page in a real browser. Skipped where there is no Chromium."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.mock_meta.conftest import Live, until
from tests.mock_meta.inside import PERSON, PHONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.mock_meta.conftest import Receiver

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
TEXT = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao <b>bello</b>"}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, live: Live) -> Iterator[Page]:
    """The page of a mock with one account; anything that a script complains of fails the test."""
    complaints: list[str] = []
    found = browser.new_page()
    found.on("pageerror", lambda problem: complaints.append(str(problem)))
    found.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    found.goto(f"{live.address['url']}/_control/")
    expect(found.locator("#link")).to_have_text("live")
    yield found
    found.close()
    assert complaints == []


def send(live: Live, **members: object) -> int:
    headers = {"Authorization": "Bearer EAAtest"}
    return live.http.post(f"/v21.0/{PHONE}/messages", json={**TEXT, **members}, headers=headers).status_code


def test_sends_and_webhooks_appear_as_they_happen(page: Page, live: Live) -> None:
    expect(page.locator("#nothing")).to_be_visible()
    send(live)
    expect(page.locator("#lines tr")).to_have_count(4)
    expect(page.locator("#lines tr.request")).to_contain_text("send text")
    expect(page.locator("#sends")).to_have_text("1")
    expect(page.locator("#webhooks")).to_have_text("3")


def test_lines_are_filtered_by_number_status_and_error(page: Page, live: Live) -> None:
    send(live)
    send(live, to="99900005678", text={})
    rows = page.locator("#lines tr")
    expect(rows).to_have_count(5)
    for text, count in (("+99900005678", 1), ("delivered", 1), ("(#100)", 1), ("nobody", 0), ("", 5)):
        page.fill("#text", text)
        expect(rows).to_have_count(count)
    page.select_option("#kind", "bad")
    expect(rows).to_have_count(1)


def test_a_line_tells_the_messages_timeline_and_lets_the_contact_answer(
    page: Page, live: Live, receiver: Receiver
) -> None:
    send(live)
    page.locator("#lines tr.request").click()
    steps = page.locator("#message-timeline li b")
    expect(steps).to_have_text(["messages.send", "sent", "delivered", "read"])
    page.locator("#message-timeline summary").first.click()
    expect(page.locator("#message-timeline pre").first).to_contain_text("Ciao <b>bello</b>")
    page.fill("#message-timeline input[name=text]", "Grazie")
    page.get_by_role("button", name=f"Reply as {PERSON}").click()
    until(lambda: any(b"Grazie" in body for _, body in receiver.posts))
    page.fill("#message-timeline input[name=text]", "and one more")
    page.get_by_role("button", name="Fail (131026)").click()
    expect(page.locator("#message-timeline li b").last).to_have_text("failed")
    expect(page.locator("#message-timeline input[name=text]")).to_have_value("and one more")


def test_a_failed_message_is_an_error_whatever_the_receiver_answered(page: Page, live: Live) -> None:
    send(live, to="99900011026")
    live.drained()
    rows = page.locator("#lines tr")
    expect(rows).to_have_count(2)
    for kind, text in (("", "131026"), ("", "undeliverable"), ("bad", "")):
        page.select_option("#kind", kind)
        page.fill("#text", text)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_class("webhook bad")
        expect(rows).to_contain_text("200 · 131026 Message undeliverable")
    rows.click()
    expect(page.locator("#message-timeline li.bad b")).to_have_text("failed")
    expect(page.locator("#message-timeline li.bad")).to_contain_text("answered 200")
    expect(page.locator("#message-timeline li.bad .trouble").first).to_have_text("131026 Message undeliverable")
    expect(page.locator("#message-timeline li.request")).not_to_contain_class("bad")


def test_of_a_customers_message_there_are_no_statuses(page: Page, live: Live, receiver: Receiver) -> None:
    live.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    page.locator("#lines tr").click()
    buttons = page.locator("#message-timeline form button")
    expect(buttons).to_have_text([f"Write as {PERSON}", "Write STOP"])
    buttons.last.click()
    until(lambda: any(b"STOP" in body for _, body in receiver.posts))
    assert b'"context"' not in receiver.posts[-1][1]


def test_on_a_small_screen_the_timeline_of_a_message_comes_over_the_list(page: Page, live: Live) -> None:
    page.set_viewport_size({"width": 400, "height": 700})
    for _ in range(10):
        send(live)
    line, timeline = page.locator("#lines tr.request").first, page.locator("#message-timeline")
    expect(page.locator("#lines tr")).to_have_count(40)
    for way in ("key", "button", "key in the form"):
        line.click()
        expect(timeline).to_be_focused()
        expect(timeline.locator("h2")).to_be_in_viewport(ratio=1)
        if way == "key in the form":
            timeline.locator("input").press("Escape")
        if way == "button":
            timeline.get_by_role("button", name="Close").click()
        else:
            page.keyboard.press("Escape")
        expect(timeline).to_be_hidden()
        expect(line).to_be_focused()
        expect(line).to_be_in_viewport()


def test_lines_of_an_earlier_run_are_told_from_what_the_figures_count(page: Page, live: Live) -> None:
    send(live)
    expect(page.locator("#lines tr")).to_have_count(4)
    expect(page.locator("#earlier")).to_be_hidden()
    feed = live.control("GET", "/feed")
    page.route("**/feed*", lambda route: route.fulfill(json={**feed, "before": feed["lines"][0]["seq"], "lines": []}))
    expect(page.locator("#lines tr.earlier")).to_have_count(1)
    expect(page.locator("#earlier")).to_be_visible()


def test_faults_and_delivery_are_flipped(page: Page, live: Live) -> None:
    throttle = page.get_by_role("button", name="Throttle (130429)")
    throttle.click()
    expect(throttle).to_have_attribute("aria-pressed", "true")
    assert send(live) == 400
    throttle.click()
    expect(throttle).to_have_attribute("aria-pressed", "false")
    assert send(live) == 200
    page.get_by_role("button", name="Pause webhooks").click()
    expect(page.get_by_role("button", name="Resume webhooks")).to_be_visible()
    assert live.control("GET", "/delivery") == {"paused": True}
    page.select_option("#profile", "silent")
    until(lambda: live.control("GET", "/behaviour")["profile"] == "silent")


def test_a_fault_for_one_person_is_not_the_buttons(page: Page, live: Live) -> None:
    live.control("POST", "/faults", {"error": {"code": 130429}, "match": {"to": [PERSON]}, "times": 3})
    page.reload()
    expect(page.locator("#faults code")).to_contain_text("fired: 0, left: 3")
    expect(page.get_by_role("button", name="Throttle (130429)")).to_have_attribute("aria-pressed", "false")


def test_what_a_refused_call_did_wrong_is_told(page: Page, live: Live) -> None:
    send(live, type="template", template={"name": "n" * 300, "language": {"code": "en_US"}})
    page.locator("#lines tr").click()
    details = live.control("GET", "/ledger")["entries"][0]["error"]["details"]
    expect(page.locator("#message-timeline li")).to_contain_text(details)
    fits = "one => one.scrollWidth <= one.clientWidth"
    assert page.locator("#message-timeline").evaluate(fits)


def test_what_was_there_before_the_page_is_not_missed_and_another_mock_begins_anew(page: Page, live: Live) -> None:
    """The feed of a mock with a long past, then of one that is just started in its place."""
    send(live)
    expect(page.locator("#lines tr")).to_have_count(4)
    feed = live.control("GET", "/feed")
    told = {**feed, "last_seq": 5000, "missed": 4600}
    page.route("**/feed*", lambda route: route.fulfill(json=told))
    page.reload()
    expect(page.locator("#lines tr")).to_have_count(4)
    expect(page.locator("#missed")).to_be_hidden()
    told |= {"last_seq": 0, "missed": 0, "lines": []}
    expect(page.locator("#lines tr")).to_have_count(0)


def test_the_keyboard_is_enough(page: Page, live: Live) -> None:
    send(live)
    expect(page.locator("#lines tr")).to_have_count(4)
    page.keyboard.press("/")
    page.keyboard.type("send")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#message-timeline")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#lines tr:focus")).to_contain_text("send")
    expect(page.locator("#message-timeline")).to_be_hidden()
    page.keyboard.press("f")
    expect(page.locator("#freeze")).to_have_attribute("aria-pressed", "true")


def test_a_customer_writes(page: Page, live: Live, receiver: Receiver) -> None:
    assert live.control("GET", "/accounts")["accounts"]
    page.fill("#customer input[name=text]", "Anyone there?")
    page.locator("#customer button").click()
    until(lambda: any(b"Anyone there?" in body for _, body in receiver.posts))
    expect(page.locator("#lines tr")).to_contain_text("message")


def test_a_mock_that_went_away_is_told(browser: Browser, live: Live) -> None:
    page = browser.new_page()
    page.goto(f"{live.address['url']}/_control/")
    page.route("**/feed*", lambda route: route.abort())
    expect(page.locator("#link")).to_have_class("lost")
    page.route("**/delivery", lambda route: route.abort())
    page.keyboard.press("p")
    expect(page.locator("#said")).to_have_text("the mock does not answer")
    page.close()
