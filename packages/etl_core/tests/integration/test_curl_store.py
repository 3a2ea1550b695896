"""The store on libcurl, byte for byte on the wire."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
import io
import ipaddress
from pathlib import Path
import ssl
import tempfile
from types import MappingProxyType
from typing import Any
import unittest
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from etl_core.calls import Call
from etl_core.config import S3Settings
from etl_core.errors import (
    AccessRefused,
    ConfigError,
    ObjectMissing,
    RequestRejected,
    TransientError,
)
from etl_core.retry import NO_RETRY, RetryPolicy
from etl_core.s3.copies import Copier
from etl_core.s3.credentials import Credentials, Identity
from etl_core.s3.curl import CurlStore
from etl_core.s3.steps import ask, ask_all
from etl_core.s3.store import ByteRange, ObjectHead, ObjectRef, Steps, Upload
from etl_core.stop import StopSignal
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment
from etl_core.testing.ports import free_port, LOOPBACK
from etl_core.testing.s3 import s3_server
from etl_core.testing.scripted import Asked, Reply, ScriptedServer

REGION = "eu-west-3"
KEYS = Credentials("AKIDEXAMPLE", "a/secret+key=", "")
SESSION = KEYS._replace(token="a-token//with+signs==")
HARD = (
    "plain/key.bin",
    "with space/and+plus",
    "per%cent/%2F",
    "ünï/日本/\U0001f600",
    "a=b&c?d#e;f:g,h@i!j$k'l(m)n*o~p",
    '"quoted"/<tag>',
    "double//slash/",
    ".hidden/..name/end..",
    "x" * 1024,
)
COPIED = b'<CopyObjectResult><ETag>"e1"</ETag></CopyObjectResult>'
SLOW = Reply(503, b"<Error><Code>SlowDown</Code><Message>less</Message></Error>")
QUICK = RetryPolicy(attempts=4, base_seconds=0.001, cap_seconds=0.002)


def settings(**variables: str) -> S3Settings:
    """Return settings of an endpoint."""
    return S3Settings.from_environment(variables)


def expected_signature(asked: Asked, url: str, keys: Credentials) -> str:
    """Return the header that botocore signs the same request with."""
    signed = dict(
        part.split("=", 1)
        for part in asked.headers["authorization"].split(" ", 1)[1].split(", ")
    )
    names = signed["SignedHeaders"].split(";")
    split = urlsplit(asked.target)
    request = AWSRequest(
        asked.method,
        url + split.path,
        {name: asked.headers[name] for name in names if name != "host"},
        asked.body,
        dict(parse_qsl(split.query, keep_blank_values=True)),
    )
    request.context["timestamp"] = asked.headers["x-amz-date"]
    credentials = BotoCredentials(keys.access_key, keys.secret_key, keys.token or None)
    auth = S3SigV4Auth(credentials, "s3", REGION)
    canonical = auth.canonical_request(request)
    text = auth.string_to_sign(request, canonical)
    return str(auth.signature(text, request))


class WireTest(unittest.TestCase):
    """A store and the server that it talks to."""

    keys = KEYS
    context: ssl.SSLContext | None = None
    variables: Mapping[str, str] = MappingProxyType({})

    def setUp(self) -> None:
        """Start the server."""
        self.server = ScriptedServer(self.usual, self.context)
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        self.recorder = CallRecorder()
        self.store = self.make()

    def make(self, **options: Any) -> CurlStore:  # noqa: ANN401
        """Return a store."""
        known = {"AWS_ENDPOINT_URL": self.server.url, **self.variables}
        identity = Identity(lambda: self.keys, REGION)
        chosen: dict[str, Any] = {"hook": self.recorder, "retry": QUICK}
        return CurlStore(settings(**known), identity=identity, **chosen | options)

    def usual(self, asked: Asked) -> Reply:
        """Answer as the store expects."""
        if "x-amz-copy-source" in asked.headers:
            return Reply(body=COPIED)
        return Reply(headers=(("ETag", '"e2"'),))

    def ref(self, key: str) -> ObjectRef:
        """Return the name of an object."""
        return ObjectRef("bucket", key)

    def copy(self, key: str) -> Steps[str]:
        """Copy one object in steps and return its ETag."""
        copied = yield from Copier().copy(self.ref(key), self.ref(f"to/{key}"), 1)
        return copied.etag

    def run_copies(
        self,
        *keys: str,
        store: CurlStore | None = None,
        workers: int = 4,
        stop: StopSignal | None = None,
    ) -> list[str]:
        """Copy many objects at once."""
        return list(
            (store or self.store).run_steps(
                self.copy, keys, workers=workers, stop=stop or StopSignal()
            )
        )


class SignatureTest(WireTest):
    """What is signed, as botocore would sign it."""

    def requests(self) -> None:
        """Send one request of every kind, with each hard key."""
        store, here = self.store, self.ref("k")
        upload = Upload(here, "an upload/id+=")
        head = ObjectHead("e", 1, None, "text/plain; charset=utf-8", {"origin": "a b"})
        for key in HARD:
            store.put(self.ref(key), io.BytesIO(b"body"), if_match="")
            store.get(self.ref(key), io.BytesIO())
            store.head(self.ref(key))
            store.copy(self.ref(key), self.ref(key))
        store.probe("bucket")
        store.create_upload(here, head, {"a b": "c+d"})
        store.copy_part(upload, 1, here, ByteRange(0, 5), "e")
        store.abort_upload(upload)
        self.server.next.append(Reply(body=b"<ListBucketResult/>"))
        store.list_page("bucket", "a b/ü+%", start_after="a b/ü+%c")
        self.server.next.append(Reply(body=b"<DeleteResult/>"))
        store.delete("bucket", list(HARD))

    def test_signatures(self) -> None:
        """Every signature is the one that botocore computes."""
        self.server._answer = self.answer
        self.requests()
        self.assertGreater(len(self.server.asked), len(HARD) * 4)
        for asked in self.server.asked:
            with self.subTest(f"{asked.method} {asked.target[:60]}"):
                found = asked.headers["authorization"].rpartition("Signature=")[2]
                expected = expected_signature(asked, self.server.url, self.keys)
                self.assertEqual(expected, found)
                self.assertEqual(
                    self.keys.token, asked.headers.get("x-amz-security-token", "")
                )

    def answer(self, asked: Asked) -> Reply:
        """Answer uploads too."""
        if asked.target.endswith("uploads="):
            return Reply(body=b"<R><UploadId>u</UploadId></R>")
        return self.usual(asked)

    def test_keys_arrive(self) -> None:
        """What the server decodes is the key, as address and as source."""
        for key in HARD:
            self.store.copy(self.ref(key), self.ref(key))
            asked = self.server.asked[-1]
            self.assertEqual(f"/bucket/{key}", unquote(asked.target))
            self.assertEqual(
                f"/bucket/{key}", unquote(asked.headers["x-amz-copy-source"])
            )


class SessionTest(SignatureTest):
    """The same with a key that expires."""

    keys = SESSION

    def test_renewed(self) -> None:
        """A request in the middle of a run is signed with the newest credentials."""
        self.store.copy(self.ref("a"), self.ref("b"))
        self.keys = Credentials("ANOTHER", "secret", "another")
        self.store.copy(self.ref("a"), self.ref("b"))
        names = [
            asked.headers["authorization"].partition("=")[2].split("/")[0]
            for asked in self.server.asked
        ]
        self.assertEqual(["AKIDEXAMPLE", "ANOTHER"], names)
        self.assertEqual(
            "another", self.server.asked[-1].headers["x-amz-security-token"]
        )


class TlsTest(SignatureTest):
    """The same over TLS, with a certificate that only we trust."""

    @classmethod
    def setUpClass(cls) -> None:
        """Make the certificate."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        path = self_signed(Path(folder.name))
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(path)
        cls.variables = {"AWS_CA_BUNDLE": str(path)}

    def test_a_certificate_that_nobody_signed(self) -> None:
        """It is refused at once, as nothing that a retry mends."""
        store = CurlStore(
            settings(AWS_ENDPOINT_URL=self.server.url),
            identity=Identity(lambda: KEYS, REGION),
            retry=QUICK,
        )
        with self.assertRaisesRegex(ConfigError, "certificate"):
            store.probe("bucket")

    def test_body_is_covered_by_a_checksum(self) -> None:
        """Instead of being hashed for the signature."""
        self.store.put(self.ref("k"), io.BytesIO(b"123456789"))
        headers = self.server.asked[-1].headers
        # The check value of CRC-32, as RFC 3720 and many others give it: CBF43926.
        self.assertEqual("y/Q5Jg==", headers["x-amz-checksum-crc32"])
        self.assertEqual("UNSIGNED-PAYLOAD", headers["x-amz-content-sha256"])


def self_signed(folder: Path) -> Path:
    """Make a key and a certificate for the loopback address, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address(LOOPBACK))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class AnswerTest(WireTest):
    """What answers mean."""

    def test_an_error_behind_a_good_status(self) -> None:
        """A copy may fail after its 200; it is sent again like any that fails."""
        late = Reply(body=b"<Error><Code>InternalError</Code></Error>")
        self.server.next += [late, SLOW]
        self.assertEqual("e1", self.store.copy(self.ref("a"), self.ref("b")).etag)
        self.assertEqual(3, len(self.server.asked))

    def test_an_empty_answer(self) -> None:
        """A copy that is not confirmed is no copy."""
        store = self.make(retry=NO_RETRY)
        self.server.next.append(Reply())
        with self.assertRaises(TransientError):
            store.copy(self.ref("a"), self.ref("b"))

    def test_error_does_not_reach_the_file(self) -> None:
        """The body of a refusal is not taken for content."""
        sink = io.BytesIO(b"before")
        missing = b"<Error><Code>NoSuchKey</Code></Error>"
        self.server.next.append(Reply(404, missing))
        with self.assertRaises(ObjectMissing):
            self.store.get(self.ref("a"), sink)
        self.assertEqual(b"", sink.getvalue())

    def test_content_after_a_fault(self) -> None:
        """A read that is sent again begins anew."""
        self.server.next += [SLOW, Reply(body=b"content")]
        sink = io.BytesIO()
        self.store.get(self.ref("a"), sink)
        self.assertEqual(b"content", sink.getvalue())

    def test_bucket_in_another_region(self) -> None:
        """The answer names it; the request is sent again and signed for it."""
        moved = Reply(301, headers=(("x-amz-bucket-region", "us-west-2"),))
        self.server.next.append(moved)
        self.store.head(self.ref("a"))
        self.store.head(self.ref("a"))
        regions = [
            asked.headers["authorization"].split("/")[2] for asked in self.server.asked
        ]
        self.assertEqual([REGION, "us-west-2", "us-west-2"], regions)

    def test_moved_in_the_middle_of_steps(self) -> None:
        """The same while many requests are under way."""
        moved = Reply(301, headers=(("x-amz-bucket-region", "us-west-2"),))
        self.server.next.append(moved)
        self.assertEqual(["e1"], self.run_copies("a"))

    def test_key_that_xml_cannot_hold(self) -> None:
        """The page is asked for again with encoded keys."""
        plain = (
            b"<R><Contents><Key>a\x01b</Key><ETag>e</ETag><Size>1</Size></Contents></R>"
        )
        coded = plain.replace(b"\x01", b"%01")
        self.server.next += [Reply(body=plain), Reply(body=coded)]
        page = self.store.list_page("bucket", "")
        self.assertEqual("a\x01b", page.objects[0].key)

    def test_nobody_listens(self) -> None:
        """The endpoint may be back soon."""
        known = settings(AWS_ENDPOINT_URL=f"http://{LOOPBACK}:{free_port()}")
        identity = Identity(lambda: KEYS, REGION)
        store = CurlStore(known, retry=NO_RETRY, identity=identity)
        with self.assertRaisesRegex(TransientError, "HeadBucket on s3://bucket"):
            store.probe("bucket")

    def test_segments_of_dots(self) -> None:
        """A key that would arrive as another one is refused, but may be copied from."""
        for key in ("a/../b", "./a", "a/.", "a/./b", ".."):
            with self.subTest(key), self.assertRaisesRegex(RequestRejected, "boto3"):
                self.store.head(self.ref(key))
        self.assertEqual([], self.server.asked)
        self.store.copy(self.ref("a/../b"), self.ref("b"))
        self.assertEqual(
            "/bucket/a/../b", self.server.asked[0].headers["x-amz-copy-source"]
        )

    def test_no_bucket_name(self) -> None:
        """It is ours to mend, and no request is sent."""
        with self.assertRaisesRegex(ConfigError, "boto3"):
            self.store.probe("arn:aws:s3:eu-west-3:1:accesspoint/x")
        self.assertEqual([], self.server.asked)


class ExchangeTest(WireTest):
    """Much work under way at once."""

    def test_results_of_all(self) -> None:
        """Every item has its result, also when there are none."""
        keys = [f"k{number}" for number in range(300)]
        self.assertEqual(["e1"] * 300, self.run_copies(*keys, workers=32))
        self.assertEqual([], self.run_copies())

    def test_refused_for_now(self) -> None:
        """A request is sent again while the store asks for less, and each is seen."""
        self.server.next += [SLOW, SLOW]
        self.assertEqual(["e1"], self.run_copies("a"))
        self.assertEqual(
            ["CopyObject"] * 3, [it.operation for it in self.recorder.calls]
        )

    def test_refused_for_good(self) -> None:
        """After the last attempt the work is told."""
        self.server.next += [SLOW] * QUICK.attempts
        with self.assertRaises(TransientError):
            self.run_copies("a")
        self.assertEqual(QUICK.attempts, len(self.server.asked))

    def test_error_of_one(self) -> None:
        """What is under way is finished and yielded before the error is raised."""
        self.server.next.append(Reply(403, b"<Error><Code>AccessDenied</Code></Error>"))
        found: list[str] = []
        with self.assertRaises(AccessRefused):
            found.extend(
                self.store.run_steps(
                    self.copy, map(str, range(50)), workers=4, stop=StopSignal()
                )
            )
        self.assertEqual(len(self.server.asked) - 1, len(found))
        self.assertLess(len(found), 49)

    def test_items_that_fail(self) -> None:
        """An error of the items is raised after what was begun is finished."""

        def items() -> Any:  # noqa: ANN401
            yield "a"
            raise OSError("no more rows")

        found = self.store.run_steps(self.copy, items(), workers=2, stop=StopSignal())
        self.assertEqual("e1", next(found))
        with self.assertRaisesRegex(OSError, "no more rows"):
            next(found)

    def test_stop(self) -> None:
        """After a stop no further item is begun; what is under way has its result."""
        stop = StopSignal()
        found = self.store.run_steps(
            self.copy, map(str, range(500)), workers=4, stop=stop
        )
        results = [next(found)]
        stop.request("a test")
        results += found
        self.assertEqual(len(self.server.asked), len(results))
        self.assertLess(len(results), 50)

    def test_steps_at_once(self) -> None:
        """Answers come back in the order of the questions, the error after all."""
        refs = [self.ref(f"k{number}") for number in range(20)]

        def steps(_: int) -> Steps[list[str]]:
            heads = yield from ask_all(
                [lambda store, ref=ref: store.head(ref) for ref in refs]  # type: ignore[misc]
            )
            return [head.etag for head in heads]

        self.server._answer = lambda asked: Reply(
            headers=(("ETag", asked.target.rpartition("/")[2]),)
        )
        found = self.store.run_steps(steps, [0], workers=8, stop=StopSignal())
        self.assertEqual([[ref.key for ref in refs]], list(found))

    def test_no_steps(self) -> None:
        """Work may find that there is nothing to ask."""

        def steps(item: int) -> Steps[int]:
            yield from ask_all([])
            return item

        found = self.store.run_steps(steps, [1, 2], workers=1, stop=StopSignal())
        self.assertEqual([1, 2], list(found))

    def test_bytes_through_the_process(self) -> None:
        """What is read in one step is written in the next."""

        def relay(key: str) -> Steps[bytes]:
            body = io.BytesIO()
            yield from ask(lambda store: store.get(self.ref(key), body))
            yield from ask(lambda store: store.put(self.ref(f"to/{key}"), body))
            return body.getvalue()

        self.server._answer = lambda asked: Reply(
            body=asked.target.encode() if asked.method == "GET" else b""
        )
        keys = [f"k{number}" for number in range(50)]
        found = self.store.run_steps(relay, keys, workers=8, stop=StopSignal())
        self.assertEqual({f"/bucket/{key}".encode() for key in keys}, set(found))
        written = {it.target: it.body for it in self.server.asked if it.method == "PUT"}
        self.assertEqual(
            {f"/bucket/to/{key}": f"/bucket/{key}".encode() for key in keys}, written
        )

    def test_death(self) -> None:
        """A process that dies at a request sends nothing more."""
        for moment in (Moment.BEFORE, Moment.AFTER):
            self.server.asked.clear()
            store = self.make(hook=CrashAt(3, moment))
            with self.assertRaises(Crashed):
                self.run_copies(*map(str, range(20)), store=store, workers=1)
            sent = 2 if moment is Moment.BEFORE else 3
            self.assertEqual(sent, len(self.server.asked), moment)

    def test_death_among_many(self) -> None:
        """It does not wait for answers that came together with the last one."""
        keys = [*map(str, range(50))]
        for moment in (Moment.BEFORE, Moment.AFTER):
            with self.subTest(moment), self.assertRaises(Crashed):
                store = self.make(hook=CrashAt(20, moment))
                self.run_copies(*keys, store=store, workers=16)

    def test_lost_answer(self) -> None:
        """The copy happened, nobody knows, and it is made again."""
        store = self.make(hook=CrashAt(1, Moment.LOST))
        self.assertEqual(["e1"], self.run_copies("a", store=store))
        self.assertEqual(2, len(self.server.asked))

    def test_rate(self) -> None:
        """No more requests a second than asked for."""
        store = self.make(max_rps=200.0)
        began = datetime.now(timezone.utc)
        self.run_copies(*map(str, range(60)), store=store, workers=32)
        passed = datetime.now(timezone.utc) - began
        # A tenth of a second's worth may be sent at once.
        self.assertGreaterEqual(passed.total_seconds(), 0.15)


class GenuineTest(unittest.TestCase):
    """Keys that are hard to sign, on a server that checks signatures."""

    def test_hard_keys(self) -> None:
        """Each is written, copied, listed and read."""
        server = s3_server()
        bucket = server.fresh_bucket()
        store = CurlStore(settings(**server.environment), retry=NO_RETRY)
        for key in HARD:
            source, target = (
                ObjectRef(bucket, key),
                ObjectRef(bucket, f"to/{key}"[:1024]),
            )
            with self.subTest(key[:40]):
                etag = store.put(source, io.BytesIO(key.encode()))
                self.assertEqual(etag, store.copy(source, target).etag)
                body = io.BytesIO()
                store.get(target, body)
                self.assertEqual(key.encode(), body.getvalue())
        listed = [it.key for it in store.list_page(bucket, "").objects]
        expected = {*HARD, *(f"to/{key}"[:1024] for key in HARD)}
        self.assertEqual(expected, set(listed))


class CallTest(WireTest):
    """What hooks see."""

    def test_targets(self) -> None:
        """Operation and objects, never a signature."""
        self.store.copy(self.ref("a"), self.ref("b"))
        self.assertEqual(
            [Call("s3", "CopyObject", "s3://bucket/a to s3://bucket/b")],
            self.recorder.calls,
        )


if __name__ == "__main__":
    unittest.main()
