# A key that rotates; the IAM of the account decides who uses it.
data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  account_statement = {
    Sid       = "AccountDecidesByIam"
    Effect    = "Allow"
    Principal = { AWS = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }

  log_statements = [for arn in var.log_group_arn[*] : {
    Sid       = "CloudWatchEncryptsThisGroup"
    Effect    = "Allow"
    Principal = { Service = "logs.${split(":", arn)[3]}.amazonaws.com" }
    Action    = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    Resource  = "*"
    Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = arn } }
  }]
}

resource "aws_kms_key" "this" {
  description             = var.description
  deletion_window_in_days = 30
  enable_key_rotation     = true

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.account_statement], local.log_statements)
  })
}

resource "aws_kms_alias" "this" {
  count = var.alias == null ? 0 : 1

  name          = "alias/${var.alias}"
  target_key_id = aws_kms_key.this.key_id
}
