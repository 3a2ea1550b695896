# The role of the jobs: the requests that permissions.yaml lists, and nothing else.
locals {
  permissions = yamldecode(file("${path.module}/permissions.yaml"))
  granted = {
    for place, operations in local.permissions : place => {
      bucket  = sort(distinct(flatten([for operation in operations : lookup(operation, "bucket", [])])))
      objects = sort(distinct(flatten([for operation in operations : lookup(operation, "objects", [])])))
    }
  }

  source_key      = var.create_source_bucket ? module.data_key.arn : var.source_kms_key_arn
  destination_key = var.create_destination_bucket ? module.data_key.arn : var.destination_kms_key_arn

  s3_statements = [
    { sid = "ListSource", actions = local.granted.source.bucket, resources = [local.arns.source] },
    { sid = "ReadSource", actions = local.granted.source.objects, resources = ["${local.arns.source}/*"] },
    { sid = "ListDestination", actions = distinct(concat(local.granted.destination.bucket, local.granted.state.bucket)), resources = [local.arns.destination] },
    { sid = "WriteDestination", actions = local.granted.destination.objects, resources = ["${local.arns.destination}/*"] },
    { sid = "KeepState", actions = local.granted.state.objects, resources = ["${local.arns.destination}/${local.state_prefix}*"] },
  ]

  # S3 decrypts the parts of an upload when it puts them together.
  key_statements = [
    { sid = "DecryptSource", actions = ["kms:Decrypt"], resources = [local.source_key], via = "s3", used = var.create_source_bucket || var.source_kms_key_arn != null },
    { sid = "EncryptDestination", actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [local.destination_key], via = "s3", used = var.create_destination_bucket || var.destination_kms_key_arn != null },
  ]
}

module "role" {
  source = "../modules/role"

  environment              = var.environment
  package                  = local.package
  oidc_provider_arn        = var.oidc_provider_arn
  namespace                = var.namespace
  service_account          = var.service_account
  permissions_boundary_arn = var.permissions_boundary_arn
  statements               = concat(local.s3_statements, [for statement in local.key_statements : statement if statement.used])
}
