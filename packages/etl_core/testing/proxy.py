"""A proxy that does to connections what networks and busy servers do.

Before an S3 endpoint (``http://``) it knows requests and can answer for the server.
Before anything else (``tcp://host:port``) it counts what the client sends, which for
PostgreSQL is one statement each, and breaks the answer.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import math
import random
import selectors
import socket
import socketserver
import struct
import threading
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import Self

from etl_core.testing.ports import free_port, LOOPBACK

CHUNK = 65536
POLL_SECONDS = 0.05
ERROR = "<Error><Code>{code}</Code><Message>made by the proxy</Message></Error>"
BODILESS = (204, 304)
HOP_BY_HOP = frozenset({"connection", "expect", "transfer-encoding"})
# An answer without a body can only break off in its head.
BEGINNING = b"HTTP/1.1 2"


class Fault(str, Enum):
    """What can be done to a request.

    ``reset`` the connection breaks and the server never sees the request;
    ``half_close`` the server does the work, and instead of the answer comes the end;
    ``truncate`` the answer breaks off in its middle;
    ``error`` and ``slow_down`` 500 and 503, which the server never sees;
    ``silence`` no answer, ever.
    """

    RESET = "reset"
    HALF_CLOSE = "half_close"
    TRUNCATE = "truncate"
    ERROR = "error"
    SLOW_DOWN = "slow_down"
    SILENCE = "silence"


WITHOUT_WAITING = tuple(it for it in Fault if it is not Fault.SILENCE)
CODES = {Fault.ERROR: (500, "InternalError"), Fault.SLOW_DOWN: (503, "SlowDown")}


@dataclass(frozen=True)
class Faults:
    """Which requests suffer, and what.

    :param kinds: one of them is drawn for each request that suffers.
    :param share: of the requests that suffer, from 0 to 1, drawn by chance.
    :param seed: of the chance.
    :param numbers: these requests suffer too, counted from 1.
    :param first: so do all from this one on.
    :param about: only requests with this text in their first line (or in what the
        client sent, on a connection that is not HTTP) wait, suffer and are counted.
    :param latency_seconds: how long they wait first.
    """

    kinds: Sequence[Fault] = WITHOUT_WAITING
    share: float = 0.0
    seed: int = 0
    numbers: Collection[int] = ()
    first: float = math.inf
    about: str = ""
    latency_seconds: float = 0.0


class FaultProxy:
    """Stands before a server; a context manager.

    :param target: ``http://host:port`` or ``tcp://host:port``.
    :param faults: what is done to requests; may be replaced at any time.
    """

    def __init__(self, target: str, faults: Faults | None = None) -> None:
        """Know the target; listen to nobody yet."""
        parts = urlsplit(target)
        self._scheme = parts.scheme
        self.target = (parts.hostname or LOOPBACK, parts.port or 80)
        self.faults = faults or Faults()
        self.requests = 0
        self.injected: Counter[Fault] = Counter()
        self.stopped = threading.Event()
        self._random = random.Random(self.faults.seed)  # noqa: S311 (no secret)
        self._about = 0
        self._lock = threading.Lock()
        self._server: socketserver.BaseServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where clients find the proxy."""
        return f"{self._scheme}://{LOOPBACK}:{self.port}"

    def draw(self, line: str) -> Fault | None:
        """Count a request, let it wait, and say what is done to it.

        :param line: its first line, or what was sent.
        """
        faults, fault = self.faults, None
        concerned = faults.about in line
        with self._lock:
            self.requests += 1
            if concerned:
                self._about += 1
                fault = self._drawn(faults)
            if fault:
                self.injected[fault] += 1
        if concerned:
            self.stopped.wait(faults.latency_seconds)
        return fault

    def _drawn(self, faults: Faults) -> Fault | None:
        """Return what is done to the newest of the requests that are counted."""
        number, chance = self._about, self._random.random()
        suffers = chance < faults.share or number >= faults.first
        if not suffers and number not in faults.numbers:
            return None
        return self._random.choice(faults.kinds)

    def start(self) -> None:
        """Listen."""
        self.port = free_port()
        handler = _HttpHandler if self._scheme == "http" else _TcpHandler
        self._server = _Server((LOOPBACK, self.port), handler, self)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Let go of all who wait, and listen no more."""
        self.stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


class _Server(ThreadingHTTPServer):
    """A thread for each connection, none of which keeps the process alive."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        handler: "Callable[[Any, Any, Any], socketserver.BaseRequestHandler]",
        proxy: FaultProxy,
    ) -> None:
        """Listen."""
        self.proxy = proxy
        super().__init__(address, handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away, as they do in tests of faults, are no news."""


class _HttpHandler(BaseHTTPRequestHandler):
    """One connection of an HTTP client."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    _upstream: HTTPConnection | None = None

    def handle_one_request(self) -> None:
        """Answer one request, whatever its method."""
        self.raw_requestline = self.rfile.readline(CHUNK)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.proxy.draw(self.requestline)
        if fault is None:
            self._answer(*self._ask(body))
        else:
            self._spoil(fault, body)

    def finish(self) -> None:
        """Close the connection to the server too."""
        super().finish()
        if self._upstream is not None:
            self._upstream.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _spoil(self, fault: Fault, body: bytes) -> None:
        """Do to a request what was drawn."""
        if fault in CODES:
            status, code = CODES[fault]
            self._refuse(status, ERROR.format(code=code).encode())
            return
        self.close_connection = True
        if fault is Fault.RESET:
            _reset(self.connection, self.rfile.close)
        elif fault is Fault.SILENCE:
            self.server.proxy.stopped.wait()
        else:
            answer, content = self._ask(body)
            if fault is Fault.TRUNCATE and content:
                self._answer(answer, content, len(content) // 2)
            elif fault is Fault.TRUNCATE:
                self.wfile.write(BEGINNING)

    def _ask(self, body: bytes) -> tuple[HTTPResponse, bytes]:
        """Send the request on and return the answer."""
        if self._upstream is None:
            self._upstream = HTTPConnection(*self.server.proxy.target)
        self._upstream.putrequest(
            self.command, self.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self._upstream.putheader(name, value)
        self._upstream.endheaders(body)
        answer = self._upstream.getresponse()
        return answer, answer.read()

    def _answer(
        self, answer: HTTPResponse, content: bytes, stop: int | None = None
    ) -> None:
        """Pass an answer on, or only the beginning of its content."""
        self.send_response_only(answer.status, answer.reason)
        bodiless = self.command == "HEAD" or answer.status in BODILESS
        ours = HOP_BY_HOP if bodiless else {*HOP_BY_HOP, "content-length"}
        for name, value in answer.getheaders():
            if name.lower() not in ours:
                self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:stop])

    def _refuse(self, status: int, content: bytes) -> None:
        """Answer for the server."""
        self.send_response_only(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class _TcpHandler(socketserver.BaseRequestHandler):
    """One connection of a client that speaks whatever it speaks."""

    server: _Server

    def handle(self) -> None:
        """Carry bytes in both directions until one side has enough."""
        with (
            socket.create_connection(self.server.proxy.target) as upstream,
            selectors.DefaultSelector() as ready,
        ):
            for side in (self.request, upstream):
                ready.register(side, selectors.EVENT_READ)
            while not self.server.proxy.stopped.is_set():
                for key, _ in ready.select(POLL_SECONDS):
                    if not self._carry(key.fileobj, upstream):
                        return

    def _carry(self, side: object, upstream: socket.socket) -> bool:
        """Carry what one side sent; return whether the connection still stands."""
        source, sink = self.request, upstream
        if side is upstream:
            source, sink = sink, source
        sent = source.recv(CHUNK)
        if not sent:
            return False
        fault = None
        if source is self.request:
            fault = self.server.proxy.draw(sent.decode("latin-1"))
        if fault is None:
            sink.sendall(sent)
            return True
        self._break(fault, sent, upstream)
        return False

    def _break(self, fault: Fault, sent: bytes, upstream: socket.socket) -> None:
        """Do to what was sent what was drawn."""
        if fault is Fault.SILENCE:
            self.server.proxy.stopped.wait()
            return
        if fault in (Fault.HALF_CLOSE, Fault.TRUNCATE):
            upstream.sendall(sent)
            answer = upstream.recv(CHUNK)
            if fault is Fault.TRUNCATE:
                self.request.sendall(answer[: len(answer) // 2])
                return
            self.request.shutdown(socket.SHUT_WR)
            return
        _reset(self.request)


def _reset(
    connection: socket.socket, release: Callable[[], None] | None = None
) -> None:
    """Close a connection so that the other side sees a reset, not an end.

    :param release: closes what else holds the socket open.
    """
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    if release:
        release()
    connection.close()
