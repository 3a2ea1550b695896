# The role of the jobs: what permissions.yaml says, and nothing else.
locals {
  permissions = yamldecode(file("${path.module}/permissions.yaml"))
  granted = {
    for place, operations in local.permissions : place => {
      bucket  = sort(distinct(flatten([for operation in operations : lookup(operation, "bucket", [])])))
      objects = sort(distinct(flatten([for operation in operations : lookup(operation, "objects", [])])))
    }
  }

  source_key      = var.create_source_bucket ? aws_kms_key.this["data"].arn : var.source_kms_key_arn
  destination_key = var.create_destination_bucket ? aws_kms_key.this["data"].arn : var.destination_kms_key_arn

  s3_statements = [
    { sid = "ListSource", actions = local.granted.source.bucket, resource = local.bucket_arns.source },
    { sid = "ReadSource", actions = local.granted.source.objects, resource = "${local.bucket_arns.source}/*" },
    { sid = "ListDestination", actions = distinct(concat(local.granted.destination.bucket, local.granted.state.bucket)), resource = local.bucket_arns.destination },
    { sid = "WriteDestination", actions = local.granted.destination.objects, resource = "${local.bucket_arns.destination}/*" },
    { sid = "KeepState", actions = local.granted.state.objects, resource = "${local.bucket_arns.destination}/${local.state_prefix}*" },
  ]

  # S3 decrypts the parts of an upload when it puts them together.
  key_statements = [
    { sid = "DecryptSource", actions = ["kms:Decrypt"], resource = local.source_key, used = var.create_source_bucket || var.source_kms_key_arn != null },
    { sid = "EncryptDestination", actions = ["kms:Decrypt", "kms:GenerateDataKey"], resource = local.destination_key, used = var.create_destination_bucket || var.destination_kms_key_arn != null },
  ]

  issuer = split(":oidc-provider/", var.oidc_provider_arn)[1]
}

resource "aws_iam_role" "job" {
  name                 = local.name
  description          = "Jobs of data_pipeline as ${var.namespace}/${var.service_account}"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  name = "requests"
  role = aws_iam_role.job.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for statement in local.s3_statements : {
        Sid      = statement.sid
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resource
      }],
      [for statement in local.key_statements : {
        Sid       = statement.sid
        Effect    = "Allow"
        Action    = statement.actions
        Resource  = statement.resource
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      } if statement.used],
    )
  })
}
