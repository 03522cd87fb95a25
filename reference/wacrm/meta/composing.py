"""What is sent to Meta, member by member in Wacrm's order (Meta fact sheet, section 1.1)."""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from reference.wacrm.protocol.bodies import (
    MAXIMUM_CAPTION,
    MAXIMUM_TEXT,
    MEDIA,
    MessageCreate,
    MessageType,
    Template,
    TemplateParams,
    check_link,
)
from reference.wacrm.protocol.envelope import Json, bad_request


class Composer:
    """Turns a checked request into the body of `POST /{phone_number_id}/messages`."""

    def payload(self, body: MessageCreate) -> Json:
        """The member that carries the content.

        Raises:
            ApiError: 400 for what the type requires and is missing, or cannot be carried.

        """
        if body.type is MessageType.TEXT:
            return self.text(body.text)
        if body.type in MEDIA:
            return self.media(body)
        if body.template is None:
            raise bad_request("template is required for type template.")
        return self.template(body.template)

    def text(self, text: str | None) -> Json:
        if not text:
            raise bad_request("text is required for type text.")
        if len(text) > MAXIMUM_TEXT:
            raise bad_request(f"text must not be longer than {MAXIMUM_TEXT} characters.")
        return {"body": text}

    def media(self, body: MessageCreate) -> Json:
        if not body.media_url:
            raise bad_request(f"media_url is required for type {body.type}.")
        payload: Json = {"link": check_link(body.media_url, "media_url")}
        caption = self.caption(body)
        if caption:
            payload["caption"] = caption
        if body.type is MessageType.DOCUMENT and body.filename:
            payload["filename"] = body.filename
        return payload

    def caption(self, body: MessageCreate) -> str | None:
        if body.text and len(body.text) > MAXIMUM_CAPTION:
            raise bad_request(f"a caption must not be longer than {MAXIMUM_CAPTION} characters.")
        # Meta has no captions on audio and refuses the member
        return None if body.type is MessageType.AUDIO else body.text

    def template(self, template: Template) -> Json:
        params = template.params
        if not isinstance(params, TemplateParams):
            params = TemplateParams(body=params or [])
        return self.template_of(template.name, template.language, params)

    def template_of(self, name: str, language: str, params: TemplateParams) -> Json:
        payload: Json = {"name": name, "language": {"code": language}}
        components = [*self.header(params), *self.body(params), *self.buttons(params)]
        return payload | {"components": components} if components else payload

    def header(self, params: TemplateParams) -> list[Json]:
        if params.header_text is not None:
            return [{"type": "header", "parameters": [self.value(params.header_text)]}]
        if params.header_media_url is not None:
            return [{"type": "header", "parameters": [self.media_value({"link": params.header_media_url})]}]
        if params.header_media_id is not None:
            return [{"type": "header", "parameters": [self.media_value({"id": params.header_media_id})]}]
        return []

    def media_value(self, medium: Json) -> Json:
        """The kind is the template's, which is not kept here: by the link's ending, an image where that says nothing."""
        ending = PurePosixPath(urlsplit(medium.get("link", "")).path).suffix.lower()
        kind = {".mp4": "video", ".3gp": "video", ".pdf": "document"}.get(ending, "image")
        return {"type": kind, kind: medium}

    def body(self, params: TemplateParams) -> list[Json]:
        if not params.body:
            return []
        return [{"type": "body", "parameters": [self.value(text) for text in params.body]}]

    def buttons(self, params: TemplateParams) -> list[Json]:
        """URL buttons, by their indexes in the template."""
        return [
            {"type": "button", "sub_type": "url", "index": index, "parameters": [self.value(text)]}
            for index, text in sorted(params.button_params.items())
        ]

    def value(self, text: str) -> Json:
        return {"type": "text", "text": text}

    def envelope(self, to: str, kind: str, payload: Json, quoted: str | None = None) -> Json:
        """`to` is digits only; `quoted` is the wamid that is replied to."""
        body: Json = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": kind}
        body[kind] = payload
        return body | {"context": {"message_id": quoted}} if quoted else body
