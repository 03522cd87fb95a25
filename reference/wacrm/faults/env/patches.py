"""ENV: patches that several modules of the group have in common."""

from collections.abc import Callable

from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation

Match = Callable[[Operation | None, int, Json], bool]
