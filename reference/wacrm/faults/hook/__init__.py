"""HOOK: outbound webhooks."""
