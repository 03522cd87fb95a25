"""Media in a message: by id or by link, never both, with the members its type knows (fact sheet 5.4)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mock_meta.protocol.errors import invalid, refuse
from mock_meta.rules.value_checks import Object, as_object, link, member, only, optional_flag, optional_text

CAPTION = 1024
FILENAME = 240
MediaKnown = Callable[[str], bool]

MEMBERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "image": frozenset({"id", "link", "caption"}),
        "video": frozenset({"id", "link", "caption"}),
        "document": frozenset({"id", "link", "caption", "filename"}),
        "audio": frozenset({"id", "link", "voice"}),
        "sticker": frozenset({"id", "link"}),
    }
)


def check_media(value: object, kind: str, param: str, known: MediaKnown) -> None:
    """A media object of a message. ``known`` tells whether an uploaded id is visible to the number."""
    media = as_object(value, param)
    only(media, MEMBERS[kind], param)
    check_source(media, kind, param, known)
    optional_text(media, "caption", param, CAPTION)
    optional_text(media, "filename", param, FILENAME)
    optional_flag(media, "voice", param)


def check_source(media: Object, kind: str, param: str, known: MediaKnown) -> None:
    """Exactly one of id and link; an unknown id is refused at once, a dead link only by webhook."""
    given = [name for name in ("id", "link") if media.get(name) not in (None, "")]
    if not given:
        raise refuse(100, f"Either 'id' or 'link' is mandatory for type '{kind}'")
    if len(given) > 1:
        raise refuse(100, f"Only one of 'id' and 'link' is allowed for type '{kind}'")
    value = media[given[0]]
    if given == ["link"]:
        link(value, member(param, "link"))
    elif not isinstance(value, str | int) or isinstance(value, bool):
        raise invalid(f"Param {member(param, 'id')} must be a string.")
    elif not known(str(value)):
        raise refuse(131009, f"Media with id {value} does not exist or is not accessible")
