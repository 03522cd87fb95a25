"""``--tls``: the authority's files, the names it speaks for, and that everything else works over it."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE
from typing import Any

import httpx
import pytest

from mock_meta.serving.ca_instructions import ca_instructions
from mock_meta.serving.certificate_authority import Authority, AuthorityError, default_folder
from mock_meta.serving.cli import main
from tests.mock_meta.conftest import running
from tests.mock_meta.inside import PHONE, TOKEN, WABA, account

META = {"Host": "graph.facebook.com", "Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state") / "tls"


@pytest.fixture(scope="module")
def mock(folder: Path) -> Iterator[dict[str, Any]]:
    with running("--tls", "--tls-dir", str(folder), "--quiet") as address:
        yield address


@pytest.fixture
def client(mock: dict[str, Any]) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=mock["ca"])
    with httpx.Client(base_url=mock["url"], verify=trusted, trust_env=False) as found:
        found.put(f"/_control/accounts/{WABA}", json=account(webhook_url=None)).raise_for_status()
        yield found


def test_the_key_is_its_owners_alone(mock: dict[str, Any], folder: Path) -> None:
    assert mock["ca"] == str(folder / "ca.pem")
    assert S_IMODE((folder / "ca-key.pem").stat().st_mode) == 0o600
    assert S_IMODE(folder.stat().st_mode) == 0o700
    assert "PRIVATE" not in (folder / "ca.pem").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["ca-key.pem", "ca.pem"]


@pytest.mark.parametrize("name", ["graph.facebook.com", "lookaside.fbsbx.com", "localhost", "127.0.0.1", "::1"])
def test_it_speaks_for_metas_hosts_and_this_machine(mock: dict[str, Any], name: str) -> None:
    handshake(mock, name)


def test_it_speaks_for_nobody_else(mock: dict[str, Any]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(mock, "www.facebook.com")


def handshake(mock: dict[str, Any], name: str) -> None:
    trusted = ssl.create_default_context(cafile=mock["ca"])
    trusted.verify_flags |= ssl.VERIFY_X509_STRICT
    port = httpx.URL(mock["url"]).port
    with socket.create_connection(("127.0.0.1", port or 0)) as plain, trusted.wrap_socket(plain, server_hostname=name):
        pass


def test_addresses_are_https(mock: dict[str, Any]) -> None:
    assert all(mock[name].startswith("https://127.0.0.1:") for name in ("url", "graph", "control"))


def media_node(client: httpx.Client, host: str) -> Any:
    """The node of a file that was uploaded to ``host``."""
    form, headers = {"messaging_product": "whatsapp", "type": "image/png"}, {**META, "Host": host}
    file = {"file": ("a.png", b"png", "image/png")}
    uploaded = client.post(f"/v21.0/{PHONE}/media", data=form, files=file, headers=headers).json()
    return client.get(f"/v21.0/{uploaded['id']}", headers=headers).json()


@pytest.mark.parametrize("host", ["graph.facebook.com", "graph.facebook.com:8443", "Graph.Facebook.com:8443"])
def test_media_is_at_lookaside_for_who_calls_graph(client: httpx.Client, host: str) -> None:
    url = httpx.URL(media_node(client, host)["url"])
    assert (url.scheme, url.host, url.path) == ("https", "lookaside.fbsbx.com", "/whatsapp_business/attachments/")
    assert url.port == (8443 if host.endswith(":8443") else None)
    there = client.get(url.raw_path.decode(), headers={**META, "Host": url.netloc.decode()})
    assert there.content == b"png"


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "[::1]:8443", "graph.facebook.com.example", "lookaside.fbsbx.com"])
def test_media_is_where_the_call_came_to_otherwise(client: httpx.Client, host: str) -> None:
    assert media_node(client, host)["url"].startswith(f"https://{host}/whatsapp_business/attachments/?mid=")


def test_paging_stays_at_graph(client: httpx.Client) -> None:
    page = client.get(f"/v21.0/{WABA}/message_templates?limit=2", headers=META).json()
    assert page["paging"]["next"].startswith(f"https://graph.facebook.com/v21.0/{WABA}/message_templates?")


def test_a_connection_can_be_cut(client: httpx.Client) -> None:
    client.post("/_control/faults", json={"match": {}, "times": 1, "reset": "before"}).raise_for_status()
    with pytest.raises(httpx.TransportError):
        client.get(f"/v21.0/{PHONE}", headers=META)
    assert client.get(f"/v21.0/{PHONE}", headers=META).status_code == 200


def test_the_authority_stays(tmp_path: Path) -> None:
    first = Authority(tmp_path).certificate.read_bytes()
    (tmp_path / "ca.pem").unlink()
    (tmp_path / "ca-key.pem").chmod(0o644)
    assert Authority(tmp_path).certificate.read_bytes() == first
    assert S_IMODE((tmp_path / "ca-key.pem").stat().st_mode) == 0o600


def test_mocks_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Authority(tmp_path)._authority.cert_pem.bytes(), range(8)))
    assert set(made) == {(tmp_path / "ca.pem").read_bytes()}


def test_a_spoilt_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca-key.pem").write_text("nonsense")
    with pytest.raises(AuthorityError, match="remove it to have a new one"):
        Authority(tmp_path)


def test_a_folder_that_is_a_file_is_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as ended:
        main(["--tls", "--tls-dir", str(tmp_path / "file")])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith("mock-meta: --tls: cannot keep certificates in ")
    assert len(said.splitlines()) == 1


def test_the_default_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert tmp_path in default_folder().parents


def test_whom_to_trust_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mock_meta", "--tls", "--tls-dir", str(tmp_path), "--exit-with-stdin"]
    told = subprocess.run(command, input="", capture_output=True, text=True, timeout=20, check=True).stderr
    assert f"CA={tmp_path / 'ca.pem'}" in told
    for setting in ("NODE_EXTRA_CA_CERTS=", "SSL_CERT_FILE=", "REQUESTS_CA_BUNDLE=", "openssl.cafile=", "curl.cainfo="):
        assert setting in told


def test_the_lines_can_be_pasted_whatever_the_folder_is_called() -> None:
    ca = "/home/anna m/it's/ca.pem"
    script = ['php() { printf \'%s|\' "$@" "$SSL_CERT_FILE" "$NODE_EXTRA_CA_CERTS"; }', *ca_instructions(Path(ca))[2:]]
    said = subprocess.run(["sh", "-eu"], input="\n".join(script), capture_output=True, text=True, check=True).stdout
    assert said.split("|")[1:-1] == [f"openssl.cafile={ca}", "-d", f"curl.cainfo={ca}", "app.php", ca, ca]


def test_hosts_lines_are_printed_and_that_is_all(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--hosts"])
    assert capsys.readouterr().out == "127.0.0.1 graph.facebook.com\n127.0.0.1 lookaside.fbsbx.com\n"
    main(["--hosts", "--host", "::1"])
    assert capsys.readouterr().out.startswith("::1 graph.facebook.com\n")
