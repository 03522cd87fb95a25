"""AUTH: who is calling."""
