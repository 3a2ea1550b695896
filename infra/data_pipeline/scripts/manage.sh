#!/usr/bin/env bash
# Runs Terraform on this stack: manage.sh init|plan|apply|destroy|output [terraform options]
set -euo pipefail

stack=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  echo "usage: $0 init|plan|apply|destroy|output [terraform options]" >&2
  exit 2
}

[[ $# -ge 1 ]] || usage
verb=$1
shift
case $verb in
  init | plan | apply | destroy | output) exec terraform -chdir="$stack" "$verb" "$@" ;;
  *) usage ;;
esac
