"""BCAST: broadcasts."""
