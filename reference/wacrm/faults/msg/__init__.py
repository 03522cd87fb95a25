"""MSG: messages."""
