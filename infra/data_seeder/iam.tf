# The role of the jobs: the buckets that are named, and nothing else.
data "aws_partition" "this" {}

locals {
  bucket_arns = [for bucket in var.buckets : "arn:${data.aws_partition.this.partition}:s3:::${bucket}"]
}

module "role" {
  source = "../modules/role"

  environment              = var.environment
  package                  = local.package
  oidc_provider_arn        = var.oidc_provider_arn
  namespace                = var.namespace
  service_account          = var.service_account
  permissions_boundary_arn = var.permissions_boundary_arn

  statements = concat(
    [
      { sid = "ListBuckets", actions = ["s3:ListBucket", "s3:ListBucketMultipartUploads"], resources = local.bucket_arns },
      { sid = "ReadAndWrite", actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], resources = [for arn in local.bucket_arns : "${arn}/*"] },
      { sid = "PruneState", actions = ["s3:DeleteObject"], resources = [for arn in local.bucket_arns : "${arn}/_etl/*"] },
    ],
    [for index, arn in var.bucket_kms_key_arns : { sid = "UseKey${index}", actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [arn], via = "s3" }],
  )
}
