"""BCAST: patches that several modules of the group have in common."""

TAIL = 9
