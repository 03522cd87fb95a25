"""What master and workers say to each other, through Locust's own messages."""

HELLO, BRIEFING, REPORT, WANTED, LEASE, FINISH, FINISHED = (
    f"wacrm_{word}" for word in ("hello", "briefing", "report", "wanted", "lease", "finish", "finished")
)
"""In the order in which they are first sent; workers send hello, report, wanted and finished."""
