"""CONV-12: where the `media_url` of a customer's medium leads."""

from dataclasses import replace

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.messages import Draft
from reference.wacrm.faults.conv.patches import store
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.meta.graph_client import Medium
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import not_found


def _bare_id(draft: Draft) -> Draft:
    return replace(draft, media_url=draft.media_url and draft.media_url.rpartition("/")[2])


def _moved_document(draft: Draft) -> Draft:
    if draft.content_type != "document" or draft.media_url is None:
        return draft
    return replace(draft, media_url=draft.media_url.replace("/api/whatsapp/", "/files/"))


ROWS = (
    Fault("CONV-12", "media-url-is-metas-id", store("inbound", _bare_id), "the id that Meta gave is stored where a URL belongs"),
    Fault("CONV-12", "documents-lead-to-a-page-that-is-not-there", store("inbound", _moved_document),
          "documents were moved to another address, and the rows still have none that works"),
)  # fmt: skip


@fault("CONV-12", "the proxy names no type for what is no picture")
def media_other_than_pictures_have_no_type(wacrm: Wacrm) -> None:
    download = wacrm.media.download

    async def untyped(account: str, media_id: str) -> Medium:
        medium = await download(account, media_id)
        return medium if medium.type.startswith("image/") else replace(medium, type="application/octet-stream")

    wrap(wacrm.media, "download", untyped)


@fault("CONV-12", "files are cached under their type, and a customer gets to see another one's")
def media_of_one_type_share_a_file(wacrm: Wacrm) -> None:
    download, cache = wacrm.media.download, dict[str, Medium]()

    async def cached(account: str, media_id: str) -> Medium:
        medium = await download(account, media_id)
        return cache.setdefault(medium.type, medium)

    wrap(wacrm.media, "download", cached)


@fault("CONV-12", "the ticket for a file is used up when it has been fetched")
def media_are_fetched_once(wacrm: Wacrm) -> None:
    download, fetched = wacrm.media.download, set[str]()

    async def once(account: str, media_id: str) -> Medium:
        if media_id in fetched:
            raise not_found()
        fetched.add(media_id)
        return await download(account, media_id)

    wrap(wacrm.media, "download", once)


@fault("CONV-12", "bytes are decoded and encoded as text on their way through")
def media_are_passed_on_as_text(wacrm: Wacrm) -> None:
    download = wacrm.media.download

    async def decoded(account: str, media_id: str) -> Medium:
        medium = await download(account, media_id)
        return replace(medium, content=medium.content.decode("utf-8", "replace").encode())

    wrap(wacrm.media, "download", decoded)
