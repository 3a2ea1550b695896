"""How much memory this process may use: that of the machine, or less in a container."""

from contextlib import suppress
import os
from pathlib import Path

# The files of cgroup v2 and v1 (Linux, Documentation/admin-guide/cgroup-v2.rst).
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def available_bytes(limits: tuple[Path, ...] = LIMITS) -> int:
    """Return the smallest of the memory of the machine and the limits of its cgroup.

    :param limits: files that hold a number of bytes, or ``max``.
    """
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in limits:
        with suppress(OSError, ValueError):
            found = min(found, int(path.read_text()))
    return found


def bytes_of(limit: str) -> str:
    """Return a limit with a share, as in ``60%``, in bytes; another one as it is."""
    if not limit.endswith("%"):
        return limit
    return f"{available_bytes() * int(limit[:-1]) // 100}B"
