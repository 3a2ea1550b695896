"""The process of :class:`etl_core.testing.s3.S3Server`: moto on a loopback port.

It writes its port to standard output and ends when standard input does, so that it
never outlives the process that started it, however that one ends.
"""

from collections.abc import Iterable
import itertools
import logging
import sys
import threading
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import (
    create_backend_app,
    MotoRequestHandler,
)
from werkzeug.serving import make_server

from etl_core.testing.ports import free_port, LOOPBACK

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COUNT_PATH = "/_requests"


class KeepAliveHandler(MotoRequestHandler):
    """Keeps connections open between requests, as real servers do."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


class CountedApplication:
    """Counts the requests on their way to an application.

    :param inner: the application that answers.
    """

    def __init__(self, inner: "WSGIApplication") -> None:
        """Start at zero."""
        self._inner = inner
        self._numbers = itertools.count()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer with the count, which starts anew, or let the request through."""
        if environ["PATH_INFO"] != COUNT_PATH:
            next(self._numbers)
            return self._inner(environ, start_response)
        count, self._numbers = next(self._numbers), itertools.count()
        body = str(count).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


def main() -> None:
    """Serve until standard input ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    server = make_server(
        LOOPBACK,
        port,
        CountedApplication(create_backend_app("s3")),
        threaded=True,
        request_handler=KeepAliveHandler,
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
