"""How faults and variants take hold of the assembled application, so that several at once compose."""
