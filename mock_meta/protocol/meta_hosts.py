"""Meta's host names, and the lines of a hosts file that lead them here."""

GRAPH, LOOKASIDE = "graph.facebook.com", "lookaside.fbsbx.com"
SAMPLES = "scontent.whatsapp.net"  # of template samples; only named, never served
META_HOSTS = (GRAPH, LOOKASIDE)


def hosts_lines(address: str) -> str:
    """What a hosts file needs so that the mock at ``address`` is found under Meta's names."""
    return "\n".join(f"{address} {name}" for name in META_HOSTS)


def media_origin(origin: str) -> str:
    """Where the files are for who called ``origin``: at Lookaside, on the same port, for https at Graph, else there too.

    Whatever reaches the mock under Graph's name reaches it under Lookaside's; no other way leads to both.
    """
    scheme, _, place = origin.partition("://")
    host, colon, port = place.partition(":")
    return f"{scheme}://{LOOKASIDE}{colon}{port}" if scheme == "https" and host.lower() == GRAPH else origin
