"""Meta's host names, and the lines of a hosts file that lead them here."""

GRAPH, LOOKASIDE = "graph.facebook.com", "lookaside.fbsbx.com"
SAMPLES = "scontent.whatsapp.net"  # of template samples; only named, never served
META_HOSTS = (GRAPH, LOOKASIDE)


def hosts_lines(address: str) -> str:
    """What a hosts file needs so that the mock at ``address`` is found under Meta's names."""
    return "\n".join(f"{address} {name}" for name in META_HOSTS)
