"""PAGE: patches that several modules of the group have in common."""

from reference.wacrm.storage.database import Row

Rows = list[Row]
