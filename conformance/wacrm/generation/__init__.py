"""SPEC: what generated requests to Wacrm's API may do, and what their answers promise."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from conformance import generation
from conformance.generation import Rules, Trait
from conformance.generation.traffic import answer_json
from conformance.wacrm.generation.harmless import Harmless, KnownTemplate
from conformance.wacrm.generation.memory import Memory
from conformance.wacrm.generation.reading_back import reading_back
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from conformance.generation import Answer, Budget, Mode, Run, Send

__all__ = ["KnownTemplate", "rules", "run"]

CLAUSES = {Trait.ACCEPTED: "SPEC-02", Trait.NOT_REFUSED: "SPEC-02", Trait.SEQUENCE: "SPEC-03"}
EXCUSED = {(502, "meta_error"), (500, "template_malformed")}
"""Status and code of the server errors that tell the caller about its own request."""
RECIPIENTS = 3
BODIES = (
    "CreateContact", "UpdateContact", "CreateBroadcast", "Recipient", "CreateWebhook", "UpdateWebhook", "Template",
)  # fmt: skip


def run(
    mode: Mode,
    *,
    send: Send,
    number: Callable[[], str],
    seed: int,
    ids: Mapping[str, Sequence[str]] | None = None,
    templates: Sequence[KnownTemplate] = (),
    without: Collection[str] = (),
    budget: Budget | None = None,
) -> Run:
    """`generation.run` with Wacrm's rules.

    `number` hands out fictional E.164 numbers; `ids` are existing ones by collection (`contacts`, `conversations`,
    `broadcasts`, `webhooks`, `tags`), which are read and never written.
    """
    # A string seeds alike in every process; a tuple's hash would not.
    memory = Memory(ids or {})
    harmless = Harmless(random.Random(f"{seed} {mode}"), number, memory, templates)
    return generation.run(mode, rules(memory, harmless), send=send, seed=seed, without=without, budget=budget)


def rules(memory: Memory, harmless: Harmless) -> Rules:
    return Rules(OPENAPI, memory, harmless, "SPEC-01", CLAUSES, narrowed, reading_back, excused)


def narrowed(document: dict[str, Any]) -> None:
    """Broadcasts stay small, and only documented members are valid.

    Or most of what is generated would have other members; the invalid mode adds some.
    """
    schemas = document["components"]["schemas"]
    schemas["CreateBroadcast"]["properties"]["recipients"]["maxItems"] = RECIPIENTS
    messages = [reference["$ref"].rpartition("/")[2] for reference in schemas["SendMessage"]["oneOf"]]
    for name in (*BODIES, *messages):
        schemas[name]["additionalProperties"] = False


def excused(answer: Answer) -> bool:
    body = answer_json(answer)
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return (answer.status, code) in EXCUSED
