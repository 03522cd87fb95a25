"""How to make an application trust the mock's own certificate authority (CA)."""

import shlex
from pathlib import Path


def ca_instructions(certificate: Path) -> list[str]:
    """Lines for Node, Python and PHP, to be pasted: the authority's certificate, then one line for each."""
    return [
        " The mock's certificate is signed by an authority of your own. Trust it with",
        "",
        f"  CA={shlex.quote(str(certificate))}",
        '  export NODE_EXTRA_CA_CERTS="$CA"                           # Node',
        '  export SSL_CERT_FILE="$CA" REQUESTS_CA_BUNDLE="$CA"        # Python',
        '  php -d openssl.cafile="$CA" -d curl.cainfo="$CA" app.php   # PHP',
        "",
    ]
