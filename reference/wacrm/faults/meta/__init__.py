"""META: the side that faces Meta."""
