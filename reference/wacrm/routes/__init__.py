"""The HTTP surface: one module per noun. A route admits the caller, reads the body, asks a service, and wraps."""
