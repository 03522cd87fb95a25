"""What a person sees when the mock starts: 80 columns, no colour needed."""

from pathlib import Path

from mock_meta import __version__
from mock_meta.mock import Mock
from mock_meta.serving.ca_instructions import ca_instructions

_RULE = "-" * 78


REDIRECT = Path(__file__).parents[1] / "redirect.cjs"


def start_screen(mock: Mock, url: str, ca: Path | None = None) -> str:
    """How to point an application at the mock, with lines that can be pasted in their order.

    ``ca`` is the certificate of the authority when the mock serves https.
    """
    account = next(iter(mock.accounts), None)
    waba = account.waba_id if account else "102290129340398"
    phone = next(iter(account.phones), "106540352242922") if account else "106540352242922"
    token = "'<the access token in your --config>'" if account else "EAAtest"
    lines = [
        _RULE,
        f" mock_meta {__version__}: Meta's WhatsApp Cloud API, imitated.   seed {mock.settings.seed}",
        _RULE,
        f"  Graph API   {url}/v21.0",
        "              in place of https://graph.facebook.com/v21.0",
        f"  Live page   {url}/_control/",
        "              every send and webhook as it happens; replies, faults, pauses",
        f"  Control     {url}/_control",
        "              accounts, behaviour, faults, inbound messages, ledger",
        "",
        " Point your application's Graph base URL at the first address. Node needs no",
        " change of the application at all:",
        "",
        f"  export MOCK_META_URL={url}",
        f"  export NODE_OPTIONS='--require \"{REDIRECT}\"'",
        "",
    ]
    lines += ca_instructions(ca) if ca else []
    lines += [" To look around:", "", f"  MOCK={url}", f"  TOKEN={token}"]
    lines += ['  export CURL_CA_BUNDLE="$CA"', ""] if ca else [""]
    lines += [] if account else _make_account(waba, phone)
    return "\n".join([*lines, *_use_it(phone), _RULE, " Ctrl-C ends it."])


def _make_account(waba: str, phone: str) -> list[str]:
    return [
        " Make an account (webhook_url: where your application takes Meta's webhooks):",
        "",
        f"  curl -X PUT $MOCK/_control/accounts/{waba} -d '{{",
        '    "access_token": "EAAtest", "app_secret": "test_app_secret",',
        '    "verify_token": "verify", "webhook_url": "http://127.0.0.1:3000/webhook",',
        f'    "phone_numbers": [{{"id": "{phone}",',
        '       "display_phone_number": "+1 555-078-3881", "verified_name": "Test"}]}\'',
        "",
    ]


def _use_it(phone: str) -> list[str]:
    return [
        " Send a message, as your application will:",
        "",
        f"  curl $MOCK/v21.0/{phone}/messages \\",
        '    -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\',
        '    -d \'{"messaging_product": "whatsapp", "to": "99900001234",',
        '         "type": "text", "text": {"body": "Hello"}}\'',
        "",
        " Let a customer write, then read what happened:",
        "",
        f'  curl $MOCK/_control/inbound -d \'{{"phone_number_id": "{phone}",',
        '    "messages": [{"from": "99900001234", "text": {"body": "Hi"}}]}\'',
        '  curl "$MOCK/_control/ledger?limit=20"',
    ]
