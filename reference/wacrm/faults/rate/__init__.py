"""RATE: the limiter."""
