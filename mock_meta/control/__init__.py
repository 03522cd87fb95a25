"""``/_control``: how a test steers the mock and reads its evidence. Loopback only by default."""
