"""Where the state of a run lies in the bucket.

``<state>/job=<job>/scope=<digest>/`` holds the lease of a scope and its runs;
``run=<id>/`` the record of a run; ``attempt=<k>/`` all that one attempt wrote. What
counts is what the record names: a fenced attempt can leave nothing that is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import json
from typing import Any

from etl_core.s3.store import ObjectRef

STATE_FOLDER = "_etl/"


def digest_of(values: Mapping[str, Any]) -> str:
    """Return sixteen hexadecimal digits that stand for some arguments."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ScopeState:
    """The keys of one scope: a job and the arguments that choose its units.

    :param bucket: of the state.
    :param folder: ends in a slash.
    """

    bucket: str
    folder: str

    @classmethod
    def of(
        cls, state: ObjectRef | None, bucket: str, job: str, scope: Mapping[str, Any]
    ) -> "ScopeState":
        """Return the state of a scope.

        :param state: a bucket and a prefix that ends in a slash; ``None`` for
            ``_etl/`` in the bucket of the destination.
        """
        place = state or ObjectRef(bucket, STATE_FOLDER)
        return cls(place.bucket, f"{place.key}job={job}/scope={digest_of(scope)}/")

    def ref(self, name: str) -> ObjectRef:
        """Return an object of the scope."""
        return ObjectRef(self.bucket, self.folder + name)

    def sibling(self, scope: Mapping[str, Any]) -> "ScopeState":
        """Return the state of another scope of the same job."""
        jobs = self.folder.rpartition("scope=")[0]
        return ScopeState(self.bucket, f"{jobs}scope={digest_of(scope)}/")

    @property
    def lease(self) -> ObjectRef:
        """The record of who works on the scope, and of its newest run."""
        return self.ref("lease.json")

    @property
    def shards(self) -> ObjectRef:
        """The record of into how many shards the units are divided."""
        return self.ref("shards.json")

    def record(self, run_id: str) -> ObjectRef:
        """Return the record of a run."""
        return self.ref(f"run={run_id}/run.json")

    def attempt(self, run_id: str, attempt: int) -> "AttemptState":
        """Return the keys of one attempt."""
        return AttemptState(self, f"run={run_id}/attempt={attempt}/")


@dataclass(frozen=True)
class AttemptState:
    """The keys of what one attempt writes; each is written once."""

    scope: ScopeState
    folder: str

    @property
    def url(self) -> str:
        """The folder as people write it."""
        return self.scope.ref(self.folder).url

    @property
    def files(self) -> str:
        """What the keys of everything that the attempt wrote begin with."""
        return self.scope.folder + self.folder

    def journal(self, number: int) -> ObjectRef:
        """Return a part of the journal: provisional outcomes."""
        return self.scope.ref(f"{self.folder}journal={number}.ndjson.gz")

    def part(self, number: int) -> ObjectRef:
        """Return a part of the ledger: final outcomes."""
        return self.scope.ref(f"{self.folder}part={number}.ndjson.gz")

    @property
    def journal_prefix(self) -> ObjectRef:
        """What the keys of all journal parts begin with."""
        return self.scope.ref(f"{self.folder}journal=")

    @property
    def index(self) -> ObjectRef:
        """The index of the scope after this run."""
        return self.scope.ref(f"{self.folder}index.ndjson.gz")

    @property
    def quarantine(self) -> ObjectRef:
        """The lines of the ledger that are quarantined."""
        return self.scope.ref(f"{self.folder}quarantine.ndjson.gz")

    @property
    def manifest(self) -> ObjectRef:
        """The ledger for people and spreadsheets."""
        return self.scope.ref(f"{self.folder}manifest.csv")


def is_journal(key: str) -> bool:
    """Tell whether a key is that of a part of a journal."""
    return key.rpartition("/")[2].startswith("journal=")
