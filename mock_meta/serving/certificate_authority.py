"""A private certificate authority, so that the mock can answer under Meta's names over TLS.

Made on first use and kept, so that an application is told once whom to trust. Certificates of the servers themselves are made
at every start and never kept.
"""

import os
import ssl
from pathlib import Path
from tempfile import NamedTemporaryFile

import platformdirs
import trustme

from mock_meta.protocol.meta_hosts import GRAPH, META_HOSTS

_LOCAL = ("localhost", "127.0.0.1", "::1")
_CERTIFICATE, _KEY = "ca.pem", "ca-key.pem"
_PRIVATE, _PUBLIC = 0o600, 0o644
_FOLDER = 0o700


class AuthorityError(Exception):
    """The folder cannot be used; one clear sentence."""


def default_folder() -> Path:
    """The user's own state folder, as the system names it."""
    return platformdirs.user_state_path("mock_meta") / "tls"


class Authority:
    """The authority kept in ``folder``, made there unless one is there. Raises AuthorityError."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder.absolute() / _CERTIFICATE
        try:
            folder.mkdir(_FOLDER, parents=True, exist_ok=True)
            self._authority = _kept(folder / _KEY)
            if not self._published():
                _write(self.certificate, self._authority.cert_pem.bytes(), _PUBLIC)
        except OSError as problem:
            raise AuthorityError(f"cannot keep certificates in {folder}: {problem}") from problem

    def server_context(self) -> ssl.SSLContext:
        """For a server that is Meta's two hosts and this machine."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._authority.issue_cert(*META_HOSTS, *_LOCAL, common_name=GRAPH).configure_cert(context)
        return context

    def _published(self) -> bool:
        """Whether the certificate beside the key is the key's."""
        return self.certificate.exists() and self.certificate.read_bytes() == self._authority.cert_pem.bytes()


def _kept(file: Path) -> trustme.CA:
    """The authority of a file that holds key and certificate. Of two mocks that start at once, one makes it."""
    if not file.exists():
        made = trustme.CA(organization_name="mock_meta", organization_unit_name="private test authority")
        content = made.private_key_pem.bytes() + made.cert_pem.bytes()
        _write(file, content, _PRIVATE, replace=False)
    content = file.read_bytes()
    file.chmod(_PRIVATE)
    try:
        return trustme.CA.from_pem(content, content)
    except ValueError as problem:
        raise AuthorityError(f"{file} holds no key with its certificate; remove it to have a new one") from problem


def _write(file: Path, content: bytes, mode: int, *, replace: bool = True) -> None:
    """Complete or not at all; ``replace`` False leaves alone what is there."""
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-", delete=False) as draft:
        draft.write(content)
    try:
        Path(draft.name).chmod(mode)
        if replace:
            Path(draft.name).replace(file)
        elif not file.exists():
            os.link(draft.name, file)
    except FileExistsError:
        return
    finally:
        Path(draft.name).unlink(missing_ok=True)
