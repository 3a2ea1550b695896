"""An HTTP server for tests that answers what it is told and keeps what it was asked."""

from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import ssl
import threading
from types import TracebackType
from typing import NamedTuple

from typing_extensions import Self

from etl_core.testing.ports import LOOPBACK

POLL_SECONDS = 0.01


class Asked(NamedTuple):
    """One request as it came; ``target`` is path and query, still encoded."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """What is answered."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class ScriptedServer:
    """Answers requests over one connection or many; a context manager.

    :param answer: says what is answered to a request; a plain 200 by default.
    :param context: speak TLS.
    """

    def __init__(
        self,
        answer: Callable[[Asked], Reply] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Take a free port."""
        self.asked: list[Asked] = []
        self.next: deque[Reply] = deque()
        self._answer = answer or (lambda _: Reply())
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True
            )
        self._scheme = "https" if context else "http"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True
        )

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://{LOOPBACK}:{self._server.server_port}"

    def reply(self, asked: Asked) -> Reply:
        """Keep a request and return the answer: the next that waits, or the usual."""
        with self._lock:
            self.asked.append(asked)
            if self.next:
                return self.next.popleft()
        return self._answer(asked)

    def __enter__(self) -> Self:
        """Start to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that the server makes for each connection."""
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            """Passes requests on to the script."""

            protocol_version = "HTTP/1.1"

            def do_any(self) -> None:
                """Answer one request."""
                size = int(self.headers.get("Content-Length") or 0)
                asked = Asked(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(size),
                )
                reply = scripted.reply(asked)
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
