"""CONV-10: messages that are lost for a member that Meta put on them."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json

_MEMBERS = frozenset({
    "from", "id", "timestamp", "type", "context", "text", "image", "video", "audio", "document", "sticker", "location",
    "contacts", "button", "interactive", "order", "unsupported", "errors", "hologram", "referral", "identity", "group_id",
    "from_user_id", "from_parent_user_id", "reaction", "system", "edit", "revoke",
})  # fmt: skip
_SOURCES = frozenset({"ad", "post"})


@patch
def _lose(wacrm: Wacrm, has: Callable[[Json], object]) -> None:
    """Messages of which `has` says something true end in an exception, after Meta has had its acknowledgement."""
    content = wacrm.inbound.content

    def strict(item: Json) -> object:
        if has(item):
            raise NotImplementedError
        return content(item)

    wrap(wacrm.inbound, "content", strict)


def _context(item: Json) -> Json:
    found = item.get("context")
    return found if isinstance(found, dict) else {}


def _medium(item: Json) -> Json:
    found = item.get(str(item.get("type")))
    return found if isinstance(found, dict) else {}


ROWS = (
    Fault("CONV-10", "ads-of-unknown-sources-are-lost",
          _lose(lambda item: "referral" in item and item["referral"].get("source_type") not in _SOURCES),
          "the table of sources knows ads and posts, and refuses the row"),
    Fault("CONV-10", "forwarded-messages-are-lost", _lose(lambda item: "context" in item and "id" not in _context(item)),
          "whatever has a context quotes something, and the quoted message is looked up without asking for its id"),
    Fault("CONV-10", "product-enquiries-are-lost", _lose(lambda item: "referred_product" in _context(item)),
          "a question about a product is left to the shop, which there is none"),
    Fault("CONV-10", "media-with-a-url-are-lost", _lose(lambda item: "url" in _medium(item) and item["type"] != "location"),
          "the schema of media forbids members that it does not know, such as the url that Meta added"),
    Fault("CONV-10", "messages-with-user-ids-are-lost", _lose(lambda item: "from_user_id" in item),
          "a user id is looked up in a column that nobody has filled"),
    Fault("CONV-10", "unknown-members-lose-the-message", _lose(lambda item: not _MEMBERS.issuperset(item)),
          "the schema of messages forbids members that it does not know"),
    Fault("CONV-10", "group-messages-are-lost", _lose(lambda item: "group_id" in item),
          "what was written in a group belongs to nobody's conversation"),
)  # fmt: skip


@fault("CONV-10", "the profile's name is read without asking whether there is a profile")
def contacts_without_a_name_lose_the_message(wacrm: Wacrm) -> None:
    receive = wacrm.inbound.receive

    def named(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        if not names:
            raise KeyError("profile")
        receive(account, item, names, media_root)

    wrap(wacrm.inbound, "receive", named)
