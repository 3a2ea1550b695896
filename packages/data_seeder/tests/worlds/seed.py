"""The small world of ``seed``: rows in memory, and a bucket for their objects.

The database is the business of ``tests/integration/test_crashes.py``: a sweep gives
all deaths one database, and this job writes to it.
"""

from data_seeder.jobs.seed import entrypoint
from data_seeder.services import ServiceHandler
from data_seeder.tests.fakes import FakeTables
from etl_core.testing.worlds import Clients, Place, World


def arguments(place: Place) -> list[str]:
    """Return what the job is started with."""
    return [
        *("--agencies=1", "--users=1", "--documents=2", "--attachments=6"),
        f"--source-bucket={place.buckets['uploads']}",
    ]


def services(clients: Clients) -> ServiceHandler:
    """Return services that reach the outside through these clients alone."""
    return ServiceHandler(clients.store, FakeTables(), clients.calls, clients.lease)


WORLD = World(
    entrypoint=entrypoint,
    arguments=arguments,
    services=services,
    changed=("uploads",),
)
