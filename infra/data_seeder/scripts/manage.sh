#!/usr/bin/env bash
# Runs Terraform on this stack: manage.sh init|plan|apply|destroy|output [terraform options]
#
# Paths in the options are relative to the folder of the stack.
set -euo pipefail

stack=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<USAGE
usage: $0 init|plan|apply|destroy|output [terraform options]

  $0 init -backend-config=staging.backend
  $0 plan -var-file=staging.tfvars
  $0 apply -var-file=staging.tfvars

Paths in the options are relative to ${stack##*/}/.
USAGE
}

verb=${1-}
case $verb in
  init | plan | apply | destroy | output) ;;
  help | -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
command -v terraform >/dev/null || {
  echo "$0: terraform is not installed; this stack needs 1.10 or newer" >&2
  exit 2
}
shift
exec terraform -chdir="$stack" "$verb" "$@"
