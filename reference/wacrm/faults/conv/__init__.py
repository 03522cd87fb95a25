"""CONV: conversations and their messages."""
