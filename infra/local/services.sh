#!/usr/bin/env bash
# Starts and stops an S3 endpoint and PostgreSQL in containers: services.sh up|down|env [--localstack]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
compose=(docker compose --file "$here/compose.yaml")

usage() {
  cat <<USAGE
usage: $0 up|down|env [--localstack]

  $0 up                 start them and wait until they answer
  eval "\$($0 env)"      lead jobs and scripts there
  $0 down               stop them; the rows stay in a volume

  --localstack          LocalStack as the S3 endpoint, with further services
USAGE
}

port=${ETL_LOCAL_S3_PORT:-5000}
parts=(s3 postgresql)
case ${2-} in
  "") ;;
  --localstack)
    port=${ETL_LOCAL_LOCALSTACK_PORT:-4566}
    parts=(localstack postgresql)
    compose+=(--profile localstack)
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

case ${1-} in
  up) exec "${compose[@]}" up --detach --wait "${parts[@]}" ;;
  down) exec docker compose --file "$here/compose.yaml" --profile localstack down ;;
  env)
    cat <<VARIABLES
export AWS_ENDPOINT_URL=http://127.0.0.1:$port
export AWS_ACCESS_KEY_ID=test
export AWS_SECRET_ACCESS_KEY=test
export AWS_REGION=us-east-1
export DATABASE_HOST=127.0.0.1
export DATABASE_PORT=${DATABASE_PORT:-15432}
export DATABASE_NAME=${DATABASE_NAME:-etl}
export DATABASE_USER=${DATABASE_USER:-etl}
export DATABASE_PASSWORD=${DATABASE_PASSWORD:-local}
VARIABLES
    ;;
  -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
