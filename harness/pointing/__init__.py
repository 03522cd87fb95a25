"""Starts a deployment's own command unchanged, so that it talks to mock Meta and delivers to the harness's receiver."""
