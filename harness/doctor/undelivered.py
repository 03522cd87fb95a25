"""Why a delivery did not come, as far as it can be found out from here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.doctor.internal import addresses, is_internal

if TYPE_CHECKING:
    from conformance.target.target import Receiver

INTERNAL = (
    "The address is internal, and a deployment rightly refuses those: `wacrm-harness run --netns` starts it where the "
    "receiver has another."
)
NEW_CA = (
    "receiver.ca is not set, so every run makes a new CA that nobody trusts: set it to a file and have the deployment "
    "trust that one (NODE_EXTRA_CA_CERTS); `wacrm-harness run` does both."
)


def reasons(origin: str, settings: Receiver, *, has_failed: bool) -> list[str]:
    """Sentences, the surest first. `has_failed`: the deployment says that it tried and could not deliver."""
    if not addresses(origin):
        return [f"{urlsplit(origin).hostname} does not resolve here: correct receiver.origin."]
    found = [] if settings.ca else [NEW_CA]
    if settings.ca and has_failed:
        found.append(f"Does the deployment trust {settings.ca} (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE)?")
    if is_internal(origin):
        found.append(INTERNAL)
    if not has_failed:
        found.append("Or it delivers later than that (target.patience), or not at all: its log may say.")
    return found
