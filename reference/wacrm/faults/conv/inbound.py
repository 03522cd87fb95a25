"""CONV-04, CONV-07, CONV-09: a customer's message as it is stored."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.messages import Draft
from reference.wacrm.faults.conv.patches import store
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.inbound.customer_messages import Content
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json


@patch
def _read(wacrm: Wacrm, kind: str, read: Callable[[Json, Content], Content | None]) -> None:
    """A customer's messages of one type are read otherwise; None loses them."""
    content = wacrm.inbound.content

    def otherwise(item: Json) -> Content:
        right = content(item)
        if item.get("type") != kind:
            return right
        other = read(item, right)
        if other is None:
            raise NotImplementedError(kind)
        return other

    wrap(wacrm.inbound, "content", otherwise)


ROWS = (
    Fault("CONV-04", "inbound-sender-is-called-contact", store("inbound", lambda draft: replace(draft, sender_type="contact")),
          "the sender is named after the table that it is found in"),
    Fault("CONV-04", "inbound-status-is-delivered", store("inbound", lambda draft: replace(draft, status="delivered")),
          "the status column's default applies to what comes in"),
    Fault("CONV-07", "inbound-locations-are-lost", _read("location", lambda _item, _right: None),
          "a location has no text, and what has no text is not stored"),
    Fault("CONV-07", "inbound-document-captions-are-lost", _read("document", lambda _item, right: replace(right, text=None)),
          "the caption is read for images, and not for documents"),
    Fault("CONV-07", "inbound-contact-cards-are-lost", _read("contacts", lambda _item, _right: None),
          "a type that nobody thought of is skipped"),
    Fault("CONV-07", "inbound-audio-is-a-document", _read("audio", lambda _item, right: replace(right, type="document")),
          "a voice message is a document to the inbox"),
    Fault("CONV-07", "inbound-locations-without-name-are-lost",
          _read("location", lambda item, right: right if item["location"].get("name") else None),
          "a location is stored under its name, and a pin on the map has none"),
)  # fmt: skip


@fault("CONV-04", "the text of a customer is cleaned of what looks like markup", partial(store, "inbound"))
def inbound_text_is_trimmed(draft: Draft) -> Draft:
    return replace(draft, content_text=" ".join(draft.content_text.split()) if draft.content_text else None)


@fault("CONV-07", "a list reply is no button reply, and falls through", partial(_read, "interactive"))
def inbound_list_replies_are_unsupported(item: Json, right: Content) -> Content:
    return Content("unsupported") if item.get("interactive", {}).get("type") == "list_reply" else right


@fault("CONV-09", "a list reply is stored by its title, its id is dropped", partial(_read, "interactive"))
def list_reply_loses_its_id(item: Json, right: Content) -> Content:
    is_list = item.get("interactive", {}).get("type") == "list_reply"
    return replace(right, reply_id=right.text) if is_list else right


@fault("CONV-09", "the quoted message's id is put where a choice belongs", partial(store, "inbound"))
def text_replies_carry_a_reply_id(draft: Draft) -> Draft:
    is_plain = draft.content_type == "text" and draft.quoted_wamid is not None
    return replace(draft, reply_id=draft.quoted_wamid) if is_plain else draft


@fault("CONV-09", "ids of choices are put into lower case, to be compared", partial(store, "inbound"))
def reply_ids_are_lower_cased(draft: Draft) -> Draft:
    return replace(draft, reply_id=draft.reply_id.lower() if draft.reply_id else None)


@fault("CONV-09", "the first button is number zero, and zero is falsy", partial(_read, "interactive"))
def button_reply_loses_its_id(item: Json, right: Content) -> Content:
    is_button = item.get("interactive", {}).get("type") == "button_reply"
    return replace(right, reply_id=None) if is_button else right
