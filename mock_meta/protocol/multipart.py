"""multipart/form-data, as far as media uploads need it (RFC 7578)."""

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser


@dataclass(frozen=True, slots=True)
class Part:
    """One field. ``filename`` None for plain values; ``content_type`` as the part declares it."""

    name: str
    filename: str | None
    content_type: str | None
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


def read_multipart(content_type: str, body: bytes) -> dict[str, Part]:
    """The parts by name, the last of a name winning. Raises ValueError for what is not well-formed."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        raise ValueError("not multipart/form-data with a boundary")
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    pieces = (b"\r\n" + body).split(delimiter)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004  # preamble and close delimiter
        raise ValueError("the closing boundary is missing")
    parts = [_part(piece) for piece in pieces[1:-1]]
    return {part.name: part for part in parts}


def _part(piece: bytes) -> Part:
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError("a part without a header")
    header = HeaderParser().parsestr(head.decode("utf-8", "replace").lstrip("\r\n"))
    name = header.get_param("name", header="content-disposition")
    if not isinstance(name, str):
        raise ValueError("a part without a name")  # noqa: TRY004  # it is the content that is wrong
    return Part(name, header.get_filename(), header.get("content-type"), content)
