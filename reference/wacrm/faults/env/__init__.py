"""ENV: one envelope for every answer."""
