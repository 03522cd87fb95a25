"""A deployment in memory, as steps see it: contacts, and how it spells and finds them."""

from __future__ import annotations

import json
import random
from itertools import count
from typing import Any

import httpx

from conformance.target.exchange import Exchange
from conformance.target.numbers import Numbers
from conformance.wacrm.steps.account import Account


class Deployment:
    """Contacts. `spelled` is how answers write a phone; `searches` whether `search` finds anything."""

    def __init__(self, spelled: str = "+{}", *, searches: bool = True) -> None:
        self.spelled, self.searches = spelled, searches
        self.contacts: dict[str, dict[str, Any]] = {}

    def post(self, path: str, body: dict[str, Any]) -> Exchange:
        known = body["phone"] in self.contacts
        row = {
            "id": f"c{len(self.contacts)}",
            "phone": self.spelled.format(body["phone"][1:]),
            "name": body.get("name"),
        }
        return answered("POST", path, 200 if known else 201, self.contacts.setdefault(body["phone"], row))

    def get(self, path: str, **query: Any) -> Exchange:
        text = str(query.get("search", ""))
        shown = [row for row in self.contacts.values() if text in f"{row['phone']} {row['name']}"]
        return answered("GET", path, 200, shown if self.searches or not text else [])


def answered(method: str, path: str, status: int, data: Any) -> Exchange:
    content = json.dumps({"data": data}).encode()
    return Exchange(method, f"http://x{path}", {}, b"", None, status, httpx.Headers(), content, 0.0, 0.0)


def account_at(deployment: Deployment) -> Account:
    markers = count()
    api: Any = deployment
    return Account(api, Numbers(random.Random(1)), lambda: f"marker{next(markers)}", None, "", "")
