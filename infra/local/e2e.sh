#!/usr/bin/env bash
# Applies the stacks for real against a local AWS endpoint, sees that nothing drifts, and
# destroys them: infra/local/e2e.sh
#
# AWS_ENDPOINT_URL names the endpoint; without it moto's server of the workspace is started on a
# free port. The stacks are copied with their modules, and the copies get a local backend.
# Finding the provider is as in check.sh. Without Terraform, a provider or a server it says
# SKIPPED.
set -euo pipefail

infra=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
server_program=$infra/../.venv/bin/moto_server
work=$(mktemp -d "${TMPDIR:-/tmp}/etl-infra.XXXXXX")
server=
# The foundation comes first: the others stand on it.
stacks=(plumbing)

clean_up() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

skip() {
  echo "SKIPPED  $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_server() {
  local port=15080 deadline=$((SECONDS + 60))
  [[ -x $server_program ]] || skip "no AWS_ENDPOINT_URL, and no moto_server in .venv; run make setup"
  while is_taken "$port"; do port=$((port + 1)); done
  "$server_program" -H 127.0.0.1 -p "$port" >"$work/server.log" 2>&1 &
  server=$!
  until is_taken "$port"; do
    ((SECONDS < deadline)) || { cat "$work/server.log" && exit 1; }
    sleep 0.2
  done
  export AWS_ENDPOINT_URL=http://127.0.0.1:$port
}

in_stack() {
  local stack=$1
  shift
  terraform -chdir="$work/$stack" "$@"
}

# Run Terraform on a stack, quietly unless it fails: step STACK NAME VERB [OPTIONS...]
step() {
  local stack=$1 name=$2 began=$SECONDS
  shift 2
  if ! in_stack "$stack" "$@" -no-color -input=false >"$work/log" 2>&1; then
    cat "$work/log"
    echo "FAILED   $stack: $name"
    echo "$passed passed, 1 failed, 0 skipped"
    exit 1
  fi
  echo "ok       $stack: $name ($((SECONDS - began)) s)"
  passed=$((passed + 1))
}

prepare() {
  local stack=$1
  cp "$work/$stack/example.tfvars" "$work/$stack/terraform.tfvars"
  cat >"$work/$stack/e2e_override.tf" <<'OVERRIDE'
terraform {
  backend "local" {}
}

provider "aws" {
  region                      = var.region
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}
OVERRIDE
  in_stack "$stack" init -no-color -input=false >"$work/log" 2>&1 || {
    cat "$work/log"
    skip "the provider cannot be had; set TF_CLI_CONFIG_FILE or ETL_TERRAFORM_MIRROR"
  }
}

apply() {
  step "$1" apply apply -auto-approve
  step "$1" "plan without drift" plan -detailed-exitcode
}

command -v terraform >/dev/null || skip "terraform is not installed"
if [[ -n ${ETL_TERRAFORM_MIRROR:-} ]]; then
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' \
    "$ETL_TERRAFORM_MIRROR" >"$work/terraformrc"
  export TF_CLI_CONFIG_FILE=$work/terraformrc
fi
passed=0
for found in "$infra"/*/versions.tf; do
  stack=${found%/versions.tf} stack=${stack##*/}
  [[ $stack == plumbing ]] || stacks+=("$stack")
done
(cd "$infra" && tar -cf - --exclude=.terraform --exclude='*.tfstate*' .) | tar -xf - -C "$work"
# The endpoint delivers access logs, and a bucket that is not empty stays by default.
cat >"$work/modules/bucket/e2e_override.tf" <<'OVERRIDE'
resource "aws_s3_bucket" "this" {
  force_destroy = true
}
OVERRIDE
# moto loses the description of a rule about a prefix list, and nothing else.
cat >"$work/modules/network/e2e_override.tf" <<'OVERRIDE'
resource "aws_vpc_security_group_egress_rule" "s3" {
  lifecycle {
    ignore_changes = [description]
  }
}
OVERRIDE
for stack in "${stacks[@]}"; do prepare "$stack"; done
echo 'create_source_bucket = true' >"$work/data_pipeline/e2e.auto.tfvars"
[[ -n ${AWS_ENDPOINT_URL:-} ]] || start_server
unset AWS_PROFILE

apply plumbing
# The modules' stacks consume the outputs of the foundation that was just made.
printf '{"foundation": %s}' "$(in_stack plumbing output -json foundation)" >"$work/foundation.json"
for stack in "${stacks[@]:1}"; do
  cp "$work/foundation.json" "$work/$stack/foundation.auto.tfvars.json"
  apply "$stack"
done
for stack in "${stacks[@]:1}" plumbing; do step "$stack" destroy destroy -auto-approve; done
echo "$passed passed, 0 failed, 0 skipped"
