"""What mock_meta is compared with: the mock that one would write in an hour, with FastAPI and a pydantic model.

It checks a text message's form, keeps it in a list, and posts one signed ``sent`` status if it was given a URL. Run as
``python -m mock_meta.bench.baseline [WEBHOOK]``.
"""

import asyncio
import contextlib
import json
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import aiohttp
import uvicorn
from fastapi import FastAPI, Header
from pydantic import BaseModel, Field

from mock_meta.bench.servers import SECRET
from mock_meta.protocol.signature import meta_dump, sign_sha256
from service.listening import listen, url_of


class Text(BaseModel):
    body: str = Field(min_length=1, max_length=4096)
    preview_url: bool = False


class Message(BaseModel):
    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"] = "individual"
    to: str = Field(pattern=r"^\+?\d{7,15}$")
    type: Literal["text"] = "text"
    text: Text


def create_baseline(webhook: str | None) -> FastAPI:
    """One endpoint, one list."""
    kept: list[dict[str, Any]] = []
    tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as app.state.session:
            yield

    app = FastAPI(lifespan=lifespan)

    async def announce(wamid: str, to: str) -> None:
        value = {"messaging_product": "whatsapp", "statuses": [{"id": wamid, "status": "sent", "recipient_id": to}]}
        body = meta_dump({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]})
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign_sha256(SECRET, body)}
        async with app.state.session.post(webhook, data=body, headers=headers) as answer:
            await answer.read()

    @app.post("/v21.0/{phone_number_id}/messages")
    async def send(phone_number_id: str, message: Message, authorization: Annotated[str, Header()]) -> dict[str, Any]:
        wamid = f"wamid.{uuid.uuid4().hex}"
        kept.append({"phone": phone_number_id, "token": authorization, "wamid": wamid, **message.model_dump()})
        if webhook is not None:
            task = asyncio.create_task(announce(wamid, message.to))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        contacts = [{"input": message.to, "wa_id": message.to}]
        return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": wamid}]}

    return app


def main() -> None:
    """Serve on a free port until told to end."""
    sock = listen("127.0.0.1", 0)
    sock.listen(2048)
    print(json.dumps({"url": url_of(sock)}), flush=True)  # noqa: T201  # the interface
    app = create_baseline(sys.argv[1] if len(sys.argv) > 1 else None)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[sock])


if __name__ == "__main__":
    main()
