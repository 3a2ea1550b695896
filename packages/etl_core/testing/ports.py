"""Free ports of this machine, outside the range that clients draw theirs from."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Linux gives clients 32768 to 60999: a server there may find its port taken.
FIRST, LAST = 15000, 29999


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now.

    Drawn at random, so that processes that start together do not meet.
    """
    while True:
        port = random.randint(FIRST, LAST)  # noqa: S311 (no secret)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
