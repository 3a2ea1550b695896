# The log group of the jobs of one package, encrypted with a key of its own.
data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  name = "/etl/${var.environment}/${var.package}"
}

# The key names the group, and the group needs the key: so the ARN is put together here.
module "key" {
  source = "../kms"

  description   = "Encrypts the logs of ${var.package} (${var.environment})"
  alias         = "${var.environment}-${replace(var.package, "_", "-")}-logs"
  log_group_arn = "arn:${data.aws_partition.this.partition}:logs:${data.aws_region.this.id}:${data.aws_caller_identity.this.account_id}:log-group:${local.name}"
}

resource "aws_cloudwatch_log_group" "jobs" {
  name              = local.name
  retention_in_days = var.log_days
  kms_key_id        = module.key.arn
}
