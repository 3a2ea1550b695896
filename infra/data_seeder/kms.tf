# A key for each kind of content, so that access to one is not access to all.
data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  name      = "${var.environment}-data-seeder"
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition

  keys = {
    logs     = "the logs"
    registry = "the images"
  }

  account_statement = {
    Sid       = "AccountDecidesByIam"
    Effect    = "Allow"
    Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }

  log_statement = {
    Sid       = "CloudWatchEncryptsThisGroup"
    Effect    = "Allow"
    Principal = { Service = "logs.${var.region}.amazonaws.com" }
    Action    = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    Resource  = "*"
    Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = local.log_group_arn } }
  }
}

resource "aws_kms_key" "this" {
  for_each = local.keys

  description             = "Encrypts ${each.value} of data_seeder (${var.environment})"
  deletion_window_in_days = 30
  enable_key_rotation     = true

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.account_statement], [for statement in [local.log_statement] : statement if each.key == "logs"])
  })
}

resource "aws_kms_alias" "this" {
  for_each = local.keys

  name          = "alias/${local.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
