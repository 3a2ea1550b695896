#!/usr/bin/env bash
# Checks every stack and module without an account: infra/local/check.sh [STACK|modules/MODULE...]
#
# terraform fmt, validate and test on a copy, so that nothing is left in the tree; the IAM
# permissions against a recorded run; checkov when it is there ($CHECKOV or in PATH). What is
# not installed is skipped, said aloud and counted. The provider comes from where Terraform
# finds it: TF_CLI_CONFIG_FILE names a CLI configuration, ETL_TERRAFORM_MIRROR a folder with a
# mirror of it.
set -euo pipefail

infra=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/etl-infra.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

# Run a check and count it: check NAME COMMAND...
check() {
  local name=$1 began=$SECONDS
  shift
  if "$@" >"$work/log" 2>&1; then
    echo "ok       $name ($((SECONDS - began)) s)"
    passed=$((passed + 1))
  else
    cat "$work/log"
    echo "FAILED   $name"
    failed=$((failed + 1))
  fi
}

skip() {
  echo "SKIPPED  $1"
  skipped=$((skipped + 1))
}

in_stack() {
  local stack=$1
  shift
  terraform -chdir="$work/$stack" "$@" -no-color
}

check_stack() {
  local stack=$1
  check "$stack: terraform fmt" in_stack "$stack" fmt -check -diff -recursive
  if in_stack "$stack" init -backend=false -input=false >"$work/init" 2>&1; then
    # The test of a module validates it too.
    [[ $stack == modules/* ]] || check "$stack: terraform validate" in_stack "$stack" validate
    check "$stack: terraform test" in_stack "$stack" test
  elif ! grep -q 'provider packages\|install provider' "$work/init"; then
    check "$stack: terraform init" in_stack "$stack" init -backend=false -input=false
  else
    skip "$stack: the provider cannot be had; set TF_CLI_CONFIG_FILE or ETL_TERRAFORM_MIRROR"
  fi
}

if [[ -n ${ETL_TERRAFORM_MIRROR:-} ]]; then
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' \
    "$ETL_TERRAFORM_MIRROR" >"$work/terraformrc"
  export TF_CLI_CONFIG_FILE=$work/terraformrc
fi
if (($# == 0)); then
  cd "$infra"
  for found in modules/*/versions.tf */versions.tf; do set -- "$@" "${found%/versions.tf}"; done
fi
# Modules are sourced by path, so all of them are copied.
(cd "$infra" && tar -cf - --exclude=.terraform --exclude='*.tfstate*' .) | tar -xf - -C "$work"

if command -v terraform >/dev/null; then
  for stack in "$@"; do check_stack "$stack"; done
else
  skip "terraform is not installed"
fi
python=$infra/../.venv/bin/python
for stack in "$@"; do
  permissions=$infra/../packages/$stack/tests/integration/test_permissions.py
  if [[ ! -e $infra/$stack/permissions.yaml ]]; then
    continue
  elif [[ -x $python ]]; then
    check "$stack: permissions are what the jobs send" "$python" "$permissions"
  else
    skip "$stack: the workspace is not installed; run make setup"
  fi
done
checkov=${CHECKOV:-checkov}
if command -v "$checkov" >/dev/null; then
  # The modules are checked at once, and again as each stack calls them.
  for stack in $(printf '%s\n' "${@/#modules\/*/modules}" | uniq); do
    check "$stack: checkov" "$checkov" --directory "$infra/$stack" --framework terraform \
      --skip-download --compact --quiet
  done
else
  skip "checkov is not installed; pip install -r infra/local/checkov.txt into an environment of its own, and set CHECKOV"
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
