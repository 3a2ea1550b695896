#!/usr/bin/env bash
# Runs Terraform on a stack: infra/manage.sh STACK init|plan|apply|destroy|output [terraform options]
#
# infra/STACK/scripts/manage.sh calls it with the name of its stack. Paths in the options are
# relative to the folder of the stack.
set -euo pipefail

infra=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stack=${1-}
verb=${2-$stack}

usage() {
  local name=STACK
  [[ ! -d $infra/$stack/scripts ]] || name=$stack
  cat <<USAGE
usage: infra/$name/scripts/manage.sh init|plan|apply|destroy|output [terraform options]

  infra/$name/scripts/manage.sh init -backend-config=staging.backend
  infra/$name/scripts/manage.sh plan -var-file=staging.tfvars
  infra/$name/scripts/manage.sh apply -var-file=staging.tfvars

Paths in the options are relative to infra/$name/.
USAGE
}

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
[[ -f $infra/$stack/versions.tf ]] || {
  echo "infra/manage.sh: there is no stack infra/$stack" >&2
  exit 2
}
command -v terraform >/dev/null || {
  echo "infra/manage.sh: terraform is not installed; the stacks need 1.10 or newer" >&2
  exit 2
}
exec terraform -chdir="$infra/$stack" "$verb" "${@:3}"
