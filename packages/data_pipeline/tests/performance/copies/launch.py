"""Runs a command and writes what it took: ``python launch.py RESULT COMMAND...``.

It is a process of its own and imports next to nothing, because a process counts the
memory of the one that started it until it is another program.
"""

import json
import os
from pathlib import Path
import sys
import time


def main(result: Path, command: list[str]) -> int:
    """Run the command and return its exit code."""
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    facts = {
        "began": began,
        "wall": time.monotonic() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
    }
    result.write_text(json.dumps(facts))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
