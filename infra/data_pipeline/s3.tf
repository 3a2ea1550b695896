# The buckets that are made here; existing ones are left as they are.
locals {
  buckets = { source = var.source_bucket, destination = var.destination_bucket, access_logs = var.access_log_bucket }
  created = { source = var.create_source_bucket, destination = var.create_destination_bucket }
  arns    = { for place, bucket in local.buckets : place => "arn:${data.aws_partition.this.partition}:s3:::${bucket}" }

  state_prefix = "_etl/"
}

data "aws_partition" "this" {}

module "data_key" {
  source = "../modules/kms"

  description = "Encrypts the buckets of ${local.package} (${var.environment})"
  alias       = "${var.environment}-data-pipeline-data"
}

module "bucket" {
  source   = "../modules/bucket"
  for_each = { for place, created in local.created : place => local.buckets[place] if created }

  bucket            = each.value
  kms_key_arn       = module.data_key.arn
  access_log_bucket = try(module.access_logs[0].bucket, var.access_log_bucket)
  noncurrent_days   = var.noncurrent_days

  # The lease is written anew every five seconds of a run.
  replaced_sooner = each.key == "destination" ? { state = { prefix = local.state_prefix, noncurrent_days = var.state_noncurrent_days } } : {}
}

module "access_logs" {
  source = "../modules/bucket"
  count  = var.create_access_log_bucket ? 1 : 0

  bucket             = var.access_log_bucket
  access_log_sources = [local.arns.source, local.arns.destination]
  noncurrent_days    = 1
  expire_days        = var.access_log_days
}
