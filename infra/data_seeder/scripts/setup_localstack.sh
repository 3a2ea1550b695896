#!/usr/bin/env bash
# Makes the bucket of the jobs on the endpoint that AWS_ENDPOINT_URL names: LocalStack or any S3.
#
# Needs the workspace, as `make setup` installs it. Doing it again changes nothing.
set -euo pipefail

python=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/.venv/bin/python
bucket=${ETL_SOURCE_BUCKET:-acme-uploads}

fail() {
  echo "$0: $*" >&2
  exit 2
}

[[ $# == 0 ]] || fail "takes no arguments; ETL_SOURCE_BUCKET names the bucket"
[[ -n ${AWS_ENDPOINT_URL:-} ]] || fail "set AWS_ENDPOINT_URL, as in http://127.0.0.1:4566; without it this would be AWS itself"
[[ -x $python ]] || fail "there is no workspace; run make setup"

# What LocalStack and its like take for an account; a genuine endpoint has its own.
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test}
export AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}
export AWS_REGION=${AWS_REGION:-us-east-1}
"$python" - "$bucket" <<'PYTHON'
import sys

import boto3

client = boto3.client("s3", region_name="us-east-1")
if sys.argv[1] not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
    client.create_bucket(Bucket=sys.argv[1])
PYTHON
echo "export AWS_ENDPOINT_URL=$AWS_ENDPOINT_URL ETL_SOURCE_BUCKET=$bucket"
