"""TENANT: accounts never see each other."""
