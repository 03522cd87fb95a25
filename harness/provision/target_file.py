"""The harness.toml that provisioning writes, and what it takes over from an earlier one."""

from __future__ import annotations

import os
import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from conformance.target.sources import load
from conformance.target.target import SettingsError
from harness.provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "# Written by `wacrm-harness provision`."
HEADER = f"""{MARK} It holds secrets. Calling provision again repairs the accounts and keeps
# these keys and your other settings (harness.example.toml shows them all); provision --remove takes the accounts away.
"""
RECEIVER = {"host": "127.0.0.1", "port": 8443, "ca": "harness-receiver-ca.pem"}


def earlier(path: Path) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The settings of an earlier call's file, and its keys by role; both empty when there is no file.

    Raises `ProvisionError` for a file that provisioning did not write.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, {}
    except (OSError, UnicodeDecodeError) as error:
        raise ProvisionError(f"{path} cannot be read ({_reason(error)}). Choose another file with --out.") from None
    if not text.startswith(MARK):
        raise ProvisionError(
            f"{path} is there, and provision did not write it. Move it away, or choose another file with --out."
        )
    try:
        keys = load(path, {}).keys.flat()
    except SettingsError as error:
        raise ProvisionError(f"{error}. Correct the file, or move it away: new keys are made then.") from None
    by_role: dict[str, list[str]] = {}
    for key in keys:
        by_role.setdefault(key.role, []).append(key.secret)
    return tomllib.loads(text), by_role


@contextmanager
def replaced(path: Path, settings: dict[str, Any]) -> Iterator[None]:
    """Writes beside the file, and puts it in place, for the owner's eyes only, when the block ends well."""
    path = path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(HEADER + "\n" + tomli_w.dumps(settings))
    except OSError as error:
        raise ProvisionError(f"{path} cannot be written ({_reason(error)}). Choose another file with --out.") from None
    try:
        yield
        Path(name).replace(path)
    except OSError as error:
        raise ProvisionError(f"{path} cannot be replaced ({_reason(error)}). Choose another with --out.") from None
    finally:
        Path(name).unlink(missing_ok=True)


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The new settings over the old: `keys` as a whole, of other sections what is new."""
    sections = {name: values if name == "keys" else {**old.get(name, {}), **values} for name, values in new.items()}
    return {**old, **sections, "receiver": old.get("receiver", RECEIVER)}


def by_role(keys: list[tuple[str, str]]) -> dict[str, Any]:
    """Roles and secrets as the section `keys`: lists, and tables for `only` and `all_but`."""
    section: dict[str, Any] = {}
    for role, secret in keys:
        kind, _, scope = role.partition(":")
        if scope:
            section.setdefault(kind, {})[scope] = secret
        else:
            section.setdefault(kind, []).append(secret)
    return section


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not UTF-8 text"
