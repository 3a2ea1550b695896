#!/bin/sh
# For the dev image, with the sources mounted: install what the lock names, then run the command.
# SKIP_INSTALL=1 leaves the environment as it is.
set -eu

if [ "${SKIP_INSTALL:-0}" != 1 ]; then
    poetry install --extras db --no-interaction >&2
fi

exec "$@"
