#!/usr/bin/env bash
# PyPI wasenderapi 0.3.5: the enumeration of webhook events spells "messages.recieved"; "messages.received" is unknown.
# A handler that compares with the enumeration never sees an event spelt as the gateway's documentation spells it: building
# the enumeration member from that text raises ValueError.
# Output seen:  messages.recieved: known; messages.received: ValueError
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env" && "$folder/env/bin/pip" install -q wasenderapi==0.3.5
"$folder/env/bin/python" - <<'PY'
import sys
from wasenderapi.webhook import WasenderWebhookEventType as Event

def known(name):
    try:
        Event(name)
    except ValueError:
        return "ValueError"
    return "known"

seen = {name: known(name) for name in ("messages.recieved", "messages.received")}
print("; ".join(f"{name}: {what}" for name, what in seen.items()))
sys.exit(seen != {"messages.recieved": "known", "messages.received": "ValueError"})
PY
