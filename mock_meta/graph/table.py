"""All routes of the imitated Graph API, by the kind of node, method and edge."""

from collections.abc import Mapping
from types import MappingProxyType

from mock_meta.graph import (
    accounts,
    apps,
    block_users,
    business_profile,
    callback_overrides,
    groups,
    media,
    messages,
    phone_numbers,
    phone_settings,
    registration,
    subscribed_apps,
    subscriptions,
    template_changes,
    templates,
    tokens,
    uploads,
)
from mock_meta.graph.routes import NodeKind, Route

SEND, READ, DOWNLOAD, UNKNOWN = "messages.send", "messages.read", "media.download", "unknown"
ROUTES: Mapping[tuple[NodeKind, str, str], Route] = MappingProxyType(
    {
        (route.kind, route.method, route.edge): route
        for routes in (
            messages.routes,
            phone_numbers.routes,
            phone_settings.routes,
            media.routes,
            subscribed_apps.routes,
            templates.routes,
            template_changes.routes,
            accounts.routes,
            registration.routes,
            callback_overrides.routes,
            apps.routes,
            subscriptions.routes,
            tokens.routes,
            business_profile.routes,
            block_users.routes,
            groups.routes,
            uploads.routes,
        )
        for route in routes
    }
)
OPERATION_BY_EDGE: Mapping[tuple[str, str], str] = MappingProxyType(
    {(route.method, route.edge): route.operation for route in ROUTES.values() if route.edge}
)
OPERATIONS = frozenset({route.operation for route in ROUTES.values()} | {SEND, READ, DOWNLOAD, UNKNOWN})
"""What ``operation`` can be in the ledger and in faults."""
