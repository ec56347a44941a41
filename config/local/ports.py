"""Ports on this machine: is one taken, which one is free, does anything answer there.

*Called by*: supervisor.py and the stand-ins.
"""

import http.client
import socket


def is_taken(host: str, port: int) -> bool:
    """Say whether nobody else could listen there now; a host that is not this machine's raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (98, 48):  # EADDRINUSE on Linux and on macOS
                return True
            raise
    return False


def find_free(*, preferred: int = 0) -> int:
    """Return a loopback port that is free now: the preferred one where it is, so that addresses outlive a restart."""
    if preferred and not is_taken("127.0.0.1", preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get_status(host: str, port: int, path: str, *, timeout_seconds: float = 2.0) -> int:
    """Return the HTTP status of a GET, or 0 where nothing answers."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
