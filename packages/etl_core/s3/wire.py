"""Requests on the wire: libcurl signs them, sends them, and waits for many at once."""

from base64 import b64encode
from collections.abc import Iterator
import hashlib
import importlib.util
from io import BytesIO
import math
from pathlib import Path
import select
import time
from typing import Any, BinaryIO, cast, TypeVar
import zlib

import pycurl

from etl_core.config import S3Settings
from etl_core.errors import EtlError
from etl_core.s3.addresses import Addresses
from etl_core.s3.credentials import Credentials
from etl_core.s3.faults import no_answer, unusable
from etl_core.s3.requests import Answer, Request

T = TypeVar("T")

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
READ_BYTES = 1024 * 1024
SINK_BUFFER_BYTES = 512 * 1024
# While there is no socket yet, names are being looked up in a thread.
IDLE_SECONDS = 0.001
AT_ONCE = 16

# What no later attempt mends: addresses and certificates.
LASTING = frozenset(
    {
        pycurl.E_UNSUPPORTED_PROTOCOL,
        pycurl.E_URL_MALFORMAT,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CACERT_BADFILE,
    }
)


EVENTS = {
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}
READABLE, WRITABLE = pycurl.CSELECT_IN, pycurl.CSELECT_OUT


class Handle:
    """One libcurl handle, its buffers, and the request that it was given.

    :param settings: time limits.
    :param addresses: where the request goes, and who asks.
    """

    def __init__(self, settings: S3Settings, addresses: Addresses) -> None:
        """Set what holds for every request."""
        self._addresses = addresses
        self._credentials: Credentials | None = None
        self._region = ""
        self._method = ""
        self._body = BytesIO()
        self._head = BytesIO()
        self._sink: BinaryIO | None = None
        self._has_body = False
        self.curl = pycurl.Curl()
        for option, value in _lasting_options(settings).items():
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.WRITEDATA, self._body)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._head.write)
        self.curl.setopt(pycurl.READDATA, BytesIO())

    def prepare(self, request: Request[Any]) -> None:
        """Make the request what is sent next.

        :raises ConfigError: when there are no credentials, or no such bucket.
        """
        url = self._addresses.url(request.ref, request.query)
        headers = ["Expect:", *request.headers]
        self._set_method(request.method)
        if request.body is None:
            headers.append(f"x-amz-content-sha256: {EMPTY_SHA256}")
            if self._has_body:
                self._set_body(None)
        else:
            self._set_body(request.body)
            headers += _checksums(request.body, url)
        self._sign(request.ref.bucket, headers)
        if request.sink is not self._sink:
            self._set_sink(request.sink)
        _empty(self._head)
        _empty(self._sink or self._body)
        self.curl.setopt(pycurl.URL, url)
        self.curl.setopt(pycurl.HTTPHEADER, headers)

    def answer(self) -> Answer:
        """Return what came back."""
        status = self.curl.getinfo(pycurl.RESPONSE_CODE)
        body = self._body.getvalue()
        if self._sink and status >= 300:
            self._sink.seek(0)
            body = self._sink.read(READ_BYTES)
            _empty(self._sink)
        return Answer(status, self._head.getvalue(), body)

    def _set_method(self, method: str) -> None:
        """Choose the method, if it is another than before."""
        if method == self._method:
            return
        curl = self.curl
        curl.setopt(pycurl.NOBODY, method == "HEAD")
        if method in ("PUT", "POST"):
            curl.setopt(pycurl.UPLOAD, True)
            curl.setopt(pycurl.INFILESIZE_LARGE, 0)
        elif method != "HEAD":
            curl.setopt(pycurl.HTTPGET, True)
        if method in ("POST", "DELETE"):
            curl.setopt(pycurl.CUSTOMREQUEST, method)
        else:
            curl.unsetopt(pycurl.CUSTOMREQUEST)
        self._method = method

    def _set_body(self, body: BinaryIO | None) -> None:
        """Choose what is sent; nothing for ``None``."""
        self._has_body = body is not None
        file = BytesIO() if body is None else body
        size = file.seek(0, 2)
        file.seek(0)
        self.curl.setopt(pycurl.READDATA, file)
        self.curl.setopt(pycurl.INFILESIZE_LARGE, size)
        # libcurl starts over on a new connection when an idle one turns out dead.
        self.curl.setopt(
            pycurl.SEEKFUNCTION, lambda at, origin: _seek(file, at, origin)
        )

    def _set_sink(self, sink: BinaryIO | None) -> None:
        """Choose what takes the body of the answer."""
        self._sink = sink
        if sink is not None:
            # Only here, because libcurl makes the buffer anew for every request.
            self.curl.setopt(pycurl.BUFFERSIZE, SINK_BUFFER_BYTES)
        self.curl.setopt(pycurl.WRITEDATA, self._body if sink is None else sink)

    def _sign(self, bucket: str, headers: list[str]) -> None:
        """Let libcurl sign with the credentials of now, for the bucket's region."""
        credentials = self._addresses.identity.credentials()
        if credentials != self._credentials:
            pair = f"{credentials.access_key}:{credentials.secret_key}"
            self.curl.setopt(pycurl.USERPWD, pair)
            self._credentials = credentials
        region = self._addresses.region(bucket)
        if region != self._region:
            self.curl.setopt(pycurl.AWS_SIGV4, f"aws:amz:{region}:s3")
            self._region = region
        if credentials.token:
            headers.append(f"x-amz-security-token: {credentials.token}")


class Wire:
    """Sends what handles were given, many at once, in one thread.

    :param connections: how many are kept open.
    """

    def __init__(self, connections: int) -> None:
        """Send nothing yet."""
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, connections)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        # The module selectors would do the same at several times the cost.
        self._poll = select.epoll() if hasattr(select, "epoll") else select.poll()
        self._sockets: set[int] = set()
        self._left = 0
        self._handles: dict[pycurl.Curl, Handle] = {}
        self._timer: float | None = None

    def send(self, handle: Handle) -> None:
        """Send what a handle was given."""
        self._handles[handle.curl] = handle
        self._multi.add_handle(handle.curl)

    def wait(self, seconds: float) -> list[tuple[Handle, pycurl.error | None]]:
        """Wait for answers; return some handles that have one, or an error.

        Only some, so that whoever calls can send the next requests soon. Otherwise
        all answers would be worked off while no request is under way.
        """
        if self._left:
            seconds = 0.0
        elif self._timer is not None:
            seconds = min(seconds, max(0.0, self._timer - time.monotonic()))
        for fd, events in self._ready(seconds):
            self._multi.socket_action(fd, _as_curl(events))
        if self._timer is not None and time.monotonic() >= self._timer:
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        return self._ended()

    def close(self) -> None:
        """Give up what is under way and close the connections."""
        for curl in self._handles:
            self._multi.remove_handle(curl)
        self._handles.clear()
        self._multi.close()

    def _ended(self) -> list[tuple[Handle, pycurl.error | None]]:
        """Take some of the handles that are done off the wire."""
        self._left, good, bad = self._multi.info_read(AT_ONCE)
        found: list[tuple[Handle, pycurl.error | None]] = [
            (self._taken(curl), None) for curl in good
        ]
        found += [
            (self._taken(curl), pycurl.error(code, text)) for curl, code, text in bad
        ]
        return found

    def _taken(self, curl: pycurl.Curl) -> Handle:
        """Take one handle off the wire."""
        self._multi.remove_handle(curl)
        return self._handles.pop(curl)

    def _watch(self, what: int, fd: int, _multi: object, _data: object) -> None:
        """Watch a socket as libcurl wants."""
        if what == pycurl.POLL_REMOVE:
            self._sockets.discard(fd)
            try:
                self._poll.unregister(fd)
            except (OSError, KeyError):  # closed already; suppress() would cost more
                return
        elif fd in self._sockets:
            self._poll.modify(fd, EVENTS[what])
        else:
            self._sockets.add(fd)
            self._poll.register(fd, EVENTS[what])

    def _ready(self, seconds: float) -> list[tuple[int, int]]:
        """Return the sockets that are ready, and for what."""
        if not self._sockets:
            time.sleep(min(seconds, IDLE_SECONDS))
            return []
        if isinstance(self._poll, select.epoll):
            return self._poll.poll(seconds, AT_ONCE)
        return self._poll.poll(math.ceil(seconds * 1000))

    def _set_timer(self, milliseconds: int) -> None:
        """Note when libcurl wants to be called without an event."""
        if milliseconds < 0:
            self._timer = None
        else:
            self._timer = time.monotonic() + milliseconds / 1000


def result_of(handle: Handle, request: Request[T], error: pycurl.error | None) -> T:
    """Return what came of a request.

    :raises EtlError: as :class:`~etl_core.s3.store.ObjectStore` promises.
    """
    if error is None:
        return request.result(handle.answer())
    raise failure(request, error)


def failure(request: Request[Any], error: pycurl.error) -> EtlError:
    """Return the error of a request that libcurl could not finish."""
    code, text = cast("tuple[int, str]", error.args)
    reason = f"{text} (libcurl {code})"
    return unusable(reason) if code in LASTING else no_answer(request.call, reason)


def _lasting_options(settings: S3Settings) -> dict[int, Any]:
    """Return the options that hold for every request."""
    options: dict[int, Any] = {
        pycurl.NOSIGNAL: True,
        pycurl.TCP_NODELAY: True,
        pycurl.TCP_KEEPALIVE: True,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.CONNECTTIMEOUT_MS: int(settings.connect_timeout_seconds * 1000),
        pycurl.LOW_SPEED_LIMIT: 1,
        pycurl.LOW_SPEED_TIME: math.ceil(settings.read_timeout_seconds),
    }
    certificates = settings.ca_bundle or _certificates()
    if certificates:
        options[pycurl.CAINFO] = certificates
    return options


def _certificates() -> str | None:
    """Return the certificates that boto3 trusts too, without importing it."""
    found = importlib.util.find_spec("botocore")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name("cacert.pem")
    return str(path) if path.exists() else None


def _checksums(body: BinaryIO, url: str) -> list[str]:
    """Return the headers by which the store checks what arrives.

    Over TLS a checksum suffices; without it the signature covers the content.
    """
    if url.startswith("https:"):
        crc = 0
        for chunk in _chunks(body):
            crc = zlib.crc32(chunk, crc)
        value = b64encode(crc.to_bytes(4, "big")).decode()
        return [f"x-amz-checksum-crc32: {value}", f"x-amz-content-sha256: {UNSIGNED}"]
    digest = hashlib.sha256()
    for chunk in _chunks(body):
        digest.update(chunk)
    return [f"x-amz-content-sha256: {digest.hexdigest()}"]


def _chunks(body: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its beginning, and go back there."""
    body.seek(0)
    yield from iter(lambda: body.read(READ_BYTES), b"")
    body.seek(0)


def _empty(file: BinaryIO) -> None:
    """Forget what a file holds."""
    file.seek(0)
    file.truncate()


def _seek(file: BinaryIO, at: int, origin: int) -> int:
    """Let libcurl read a body again."""
    file.seek(at, origin)
    return pycurl.SEEKFUNC_OK


def _as_curl(events: int) -> int:
    """Translate what a socket is ready for; what is broken is ready to be read."""
    if events == select.POLLIN:
        return READABLE
    mask = WRITABLE if events & select.POLLOUT else 0
    return mask | READABLE if events & ~select.POLLOUT else mask
