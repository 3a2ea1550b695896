#!/usr/bin/env bash
# Makes the buckets of the jobs on the endpoint that AWS_ENDPOINT_URL names: LocalStack or any S3.
#
# Needs the aws command, or else Python with boto3 as `make setup` installs it. Doing it again
# changes nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
python=$root/.venv/bin/python

usage() {
  cat <<USAGE
usage: $0 [--sample]

  AWS_ENDPOINT_URL=http://127.0.0.1:4566 $0

Makes \$ETL_SOURCE_BUCKET and \$ETL_DESTINATION_BUCKET (acme-uploads and acme-bronze by
default), versioned, and prints the variables that lead a job there.

  --sample   also upload the attachments of three agencies, and insert their rows when
             DATABASE_HOST is set; needs 'make setup'
USAGE
}

fail() {
  echo "$0: $*" >&2
  exit 2
}

create_with_aws() {
  if ! aws s3api head-bucket --bucket "$1" >/dev/null 2>&1; then
    aws s3 mb "s3://$1" >&2
  fi
  aws s3api put-bucket-versioning --bucket "$1" --versioning-configuration Status=Enabled
}

create_with_python() {
  "$python" - "$1" <<'PYTHON'
import sys

import boto3
from botocore.exceptions import ClientError

name = sys.argv[1]
client = boto3.client("s3")
try:
    client.head_bucket(Bucket=name)
except ClientError as error:
    if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
        raise
    client.create_bucket(Bucket=name)
client.put_bucket_versioning(
    Bucket=name, VersioningConfiguration={"Status": "Enabled"}
)
PYTHON
}

create_bucket() {
  if command -v aws >/dev/null; then
    create_with_aws "$1"
  else
    create_with_python "$1"
  fi
  echo "s3://$1 is there" >&2
}

# The rows name the bucket acme-uploads, so the sample goes there and nowhere else.
load_sample() {
  PYTHONPATH=$root/infra/local "$python" - <<'PYTHON'
import os
import sys

import boto3
import sample

client = boto3.client("s3")
put = 0
for each in sample.attachments():
    if each.status == "stored" and not each.is_missing:
        client.put_object(
            Bucket=each.bucket,
            Key=each.object_key,
            Body=each.body,
            ContentType=each.content_type or "binary/octet-stream",
        )
        put += 1
sys.stderr.write(f"{put} objects are there\n")
PYTHON
  [[ -n ${DATABASE_HOST:-} ]] || return 0
  "$root/.venv/bin/etl-database-schema" migrate >&2
  PYTHONPATH=$root/infra/local "$python" - <<'PYTHON'
import sys

import loading

from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient

settings = DatabaseSettings.from_environment()
with DatabaseClient(settings) as database:
    found = database.execute_query("SELECT count(*) AS n FROM attachment")[0]["n"]
if not found:
    loading.load_rows(settings)
sys.stderr.write("the rows are there\n")
PYTHON
}

sample=
case ${1-} in
  "") ;;
  --sample) sample=1 ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
[[ -n ${AWS_ENDPOINT_URL:-} ]] || fail "set AWS_ENDPOINT_URL, as in http://127.0.0.1:4566; without it this would be AWS itself"
command -v aws >/dev/null || [[ -x $python ]] || fail "there is no aws command and no workspace; run make setup"
[[ -z $sample || -x $python ]] || fail "--sample needs the workspace; run make setup"

# What LocalStack and its like take for an account; a genuine endpoint has its own.
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test}
export AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}
export AWS_REGION=${AWS_REGION:-us-east-1}
export AWS_DEFAULT_REGION=$AWS_REGION
source_bucket=${ETL_SOURCE_BUCKET:-acme-uploads}
destination_bucket=${ETL_DESTINATION_BUCKET:-acme-bronze}
[[ -z $sample || $source_bucket == acme-uploads ]] || fail "--sample fills acme-uploads; unset ETL_SOURCE_BUCKET"

create_bucket "$source_bucket"
create_bucket "$destination_bucket"
if [[ -n $sample ]]; then
  create_bucket acme-archive
  load_sample
fi
cat <<VARIABLES
export AWS_ENDPOINT_URL=$AWS_ENDPOINT_URL
export AWS_REGION=$AWS_REGION
export ETL_SOURCE_BUCKET=$source_bucket
export ETL_DESTINATION_BUCKET=$destination_bucket
VARIABLES
