# The role of the jobs: the buckets that are named, and nothing else.
locals {
  bucket_arns = [for bucket in var.buckets : "arn:${local.partition}:s3:::${bucket}"]
  issuer      = split(":oidc-provider/", var.oidc_provider_arn)[1]

  bucket_statements = [
    { sid = "ListBuckets", actions = ["s3:ListBucket", "s3:ListBucketMultipartUploads"], resources = local.bucket_arns },
    { sid = "ReadAndWrite", actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], resources = [for arn in local.bucket_arns : "${arn}/*"] },
    { sid = "PruneState", actions = ["s3:DeleteObject"], resources = [for arn in local.bucket_arns : "${arn}/_etl/*"] },
  ]
}

resource "aws_iam_role" "job" {
  name                 = local.name
  description          = "Jobs of data_seeder as ${var.namespace}/${var.service_account}"
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
      [for statement in local.bucket_statements : {
        Sid      = statement.sid
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      }],
      [for arn in var.bucket_kms_key_arns : {
        Sid       = "UseKey${index(var.bucket_kms_key_arns, arn)}"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      }],
    )
  })
}
