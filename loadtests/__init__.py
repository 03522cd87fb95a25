"""Load tests: Locust drives, three records are reconciled at the end, SLOs are checked."""
