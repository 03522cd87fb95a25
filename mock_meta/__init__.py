"""A mock of Meta's WhatsApp Cloud API that an application cannot tell from Meta."""

__version__ = "0.1.0"
