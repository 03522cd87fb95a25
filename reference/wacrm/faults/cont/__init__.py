"""CONT: contacts."""
