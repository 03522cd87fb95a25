"""Prepares a deployment for runs: accounts, keys, WhatsApp connections and templates, straight in its PostgreSQL database."""
