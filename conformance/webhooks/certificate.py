"""The receiver's certificate: a private CA that a deployment is told once to trust, and the names that it answers for."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import trustme

if TYPE_CHECKING:
    from pathlib import Path

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HTTPS = 443
_PATIENCE = 2.0
_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""


def authority(ca: Path) -> trustme.CA:
    """The private CA whose certificate lies at `ca`, made there unless it is there.

    Its key lies beside it (`<ca>.key`, readable by its owner alone). Raises `OSError`.
    """
    key = ca.with_name(f"{ca.name}.key")
    if ca.exists() and key.exists():
        return trustme.CA.from_pem(ca.read_bytes(), key.read_bytes())
    made = trustme.CA()
    key.touch(mode=0o600)
    key.write_bytes(made.private_key_pem.bytes())
    ca.write_bytes(made.cert_pem.bytes())
    return made


def server_context(ca: Path, *names: str) -> ssl.SSLContext:
    """A server context for this machine's own names and the given ones, issued by the private CA at `ca`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority(ca).issue_cert(*dict.fromkeys((*LOCAL_NAMES, *names))).configure_cert(context)
    return context


def mismatch(origin: str, ca: Path) -> str:
    """Why no client takes the certificate shown at `origin` for its host; empty when it is right, or when nothing answers.

    `origin` may lie behind a reverse proxy with a certificate of its own. What else can be wrong with a certificate depends
    on whom the deployment trusts, and is not judged here.
    """
    address = urlsplit(origin)
    host = address.hostname or ""
    context = ssl.create_default_context()
    context.load_verify_locations(ca)
    try:
        with socket.create_connection((host, address.port or _HTTPS), _PATIENCE) as connection:
            context.wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        is_mismatch = error.verify_code in {_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH}
        return f"the certificate shown at {origin} is not for {host}: {error.verify_message}" if is_mismatch else ""
    except (OSError, ValueError):
        return ""
    return ""
