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

  --sample   also fill the database that DATABASE_HOST names, and the source bucket, with
             2,000 attachments of three agencies, by data-seeder; needs 'make setup'
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

# What the demo works on; doing it again changes nothing.
load_sample() {
  "$root/.venv/bin/etl-database-schema" migrate >&2
  "$root/.venv/bin/data-seeder" run seed -- --agencies 3 --users 60 --documents 600 \
    --attachments 2000 --seed 3 --source-bucket "$source_bucket" >&2
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
[[ -z $sample || -n ${DATABASE_HOST:-} ]] || fail "--sample needs a database; set DATABASE_HOST and its siblings"

create_bucket "$source_bucket"
create_bucket "$destination_bucket"
[[ -z $sample ]] || load_sample
cat <<VARIABLES
export AWS_ENDPOINT_URL=$AWS_ENDPOINT_URL
export AWS_REGION=$AWS_REGION
export ETL_SOURCE_BUCKET=$source_bucket
export ETL_DESTINATION_BUCKET=$destination_bucket
VARIABLES
