#!/usr/bin/env bash
# Runs Terraform on this stack: manage.sh init|plan|apply|destroy|output [terraform options]
exec "$(dirname "${BASH_SOURCE[0]}")/../../manage.sh" data_pipeline "$@"
