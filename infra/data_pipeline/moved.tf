# Addresses that resources had before the modules, so that an applied stack keeps them.
#
# This file can go when every environment has been applied with it once.
moved {
  from = aws_security_group.job
  to   = module.network.aws_security_group.job
}
moved {
  from = aws_vpc_security_group_egress_rule.s3
  to   = module.network.aws_vpc_security_group_egress_rule.s3
}
moved {
  from = aws_vpc_security_group_egress_rule.endpoints
  to   = module.network.aws_vpc_security_group_egress_rule.endpoints
}
moved {
  from = aws_vpc_security_group_egress_rule.database
  to   = module.network.aws_vpc_security_group_egress_rule.database
}
moved {
  from = aws_vpc_security_group_egress_rule.dns
  to   = module.network.aws_vpc_security_group_egress_rule.dns
}
moved {
  from = aws_ecr_repository.image
  to   = module.registry.aws_ecr_repository.image
}
moved {
  from = aws_ecr_lifecycle_policy.image
  to   = module.registry.aws_ecr_lifecycle_policy.image
}
moved {
  from = aws_kms_key.this["registry"]
  to   = module.registry.module.key.aws_kms_key.this
}
moved {
  from = aws_kms_alias.this["registry"]
  to   = module.registry.module.key.aws_kms_alias.this[0]
}
moved {
  from = aws_kms_key.this["logs"]
  to   = module.logs.module.key.aws_kms_key.this
}
moved {
  from = aws_kms_alias.this["logs"]
  to   = module.logs.module.key.aws_kms_alias.this[0]
}
moved {
  from = aws_cloudwatch_log_group.jobs
  to   = module.logs.aws_cloudwatch_log_group.jobs
}
moved {
  from = aws_iam_role.job
  to   = module.role.aws_iam_role.job
}
moved {
  from = aws_iam_role_policy.job
  to   = module.role.aws_iam_role_policy.job
}
moved {
  from = aws_kms_key.this["data"]
  to   = module.data_key.aws_kms_key.this
}
moved {
  from = aws_kms_alias.this["data"]
  to   = module.data_key.aws_kms_alias.this[0]
}
moved {
  from = aws_cloudwatch_log_metric_filter.this
  to   = module.monitoring.aws_cloudwatch_log_metric_filter.this
}
moved {
  from = aws_cloudwatch_log_metric_filter.exit_codes
  to   = module.monitoring.aws_cloudwatch_log_metric_filter.exit_codes
}
moved {
  from = aws_cloudwatch_metric_alarm.failed
  to   = module.monitoring.aws_cloudwatch_metric_alarm.counted["failed"]
}
moved {
  from = aws_cloudwatch_metric_alarm.quarantined
  to   = module.monitoring.aws_cloudwatch_metric_alarm.counted["quarantined"]
}
moved {
  from = aws_cloudwatch_metric_alarm.overdue
  to   = module.monitoring.aws_cloudwatch_metric_alarm.overdue
}
moved {
  from = aws_cloudwatch_dashboard.this
  to   = module.monitoring.aws_cloudwatch_dashboard.this
}
moved {
  from = aws_s3_bucket.this["source"]
  to   = module.bucket["source"].aws_s3_bucket.this
}
moved {
  from = aws_s3_bucket_public_access_block.this["source"]
  to   = module.bucket["source"].aws_s3_bucket_public_access_block.this
}
moved {
  from = aws_s3_bucket_ownership_controls.this["source"]
  to   = module.bucket["source"].aws_s3_bucket_ownership_controls.this
}
moved {
  from = aws_s3_bucket_versioning.this["source"]
  to   = module.bucket["source"].aws_s3_bucket_versioning.this
}
moved {
  from = aws_s3_bucket_server_side_encryption_configuration.this["source"]
  to   = module.bucket["source"].aws_s3_bucket_server_side_encryption_configuration.this
}
moved {
  from = aws_s3_bucket_logging.this["source"]
  to   = module.bucket["source"].aws_s3_bucket_logging.this[0]
}
moved {
  from = aws_s3_bucket_policy.this["source"]
  to   = module.bucket["source"].aws_s3_bucket_policy.this
}
moved {
  from = aws_s3_bucket_lifecycle_configuration.data["source"]
  to   = module.bucket["source"].aws_s3_bucket_lifecycle_configuration.this
}
moved {
  from = aws_s3_bucket.this["destination"]
  to   = module.bucket["destination"].aws_s3_bucket.this
}
moved {
  from = aws_s3_bucket_public_access_block.this["destination"]
  to   = module.bucket["destination"].aws_s3_bucket_public_access_block.this
}
moved {
  from = aws_s3_bucket_ownership_controls.this["destination"]
  to   = module.bucket["destination"].aws_s3_bucket_ownership_controls.this
}
moved {
  from = aws_s3_bucket_versioning.this["destination"]
  to   = module.bucket["destination"].aws_s3_bucket_versioning.this
}
moved {
  from = aws_s3_bucket_server_side_encryption_configuration.this["destination"]
  to   = module.bucket["destination"].aws_s3_bucket_server_side_encryption_configuration.this
}
moved {
  from = aws_s3_bucket_logging.this["destination"]
  to   = module.bucket["destination"].aws_s3_bucket_logging.this[0]
}
moved {
  from = aws_s3_bucket_policy.this["destination"]
  to   = module.bucket["destination"].aws_s3_bucket_policy.this
}
moved {
  from = aws_s3_bucket_lifecycle_configuration.data["destination"]
  to   = module.bucket["destination"].aws_s3_bucket_lifecycle_configuration.this
}
moved {
  from = aws_s3_bucket.this["access_logs"]
  to   = module.access_logs[0].aws_s3_bucket.this
}
moved {
  from = aws_s3_bucket_public_access_block.this["access_logs"]
  to   = module.access_logs[0].aws_s3_bucket_public_access_block.this
}
moved {
  from = aws_s3_bucket_ownership_controls.this["access_logs"]
  to   = module.access_logs[0].aws_s3_bucket_ownership_controls.this
}
moved {
  from = aws_s3_bucket_versioning.this["access_logs"]
  to   = module.access_logs[0].aws_s3_bucket_versioning.this
}
moved {
  from = aws_s3_bucket_server_side_encryption_configuration.this["access_logs"]
  to   = module.access_logs[0].aws_s3_bucket_server_side_encryption_configuration.this
}
moved {
  from = aws_s3_bucket_policy.this["access_logs"]
  to   = module.access_logs[0].aws_s3_bucket_policy.this
}
moved {
  from = aws_s3_bucket_lifecycle_configuration.access_logs[0]
  to   = module.access_logs[0].aws_s3_bucket_lifecycle_configuration.this
}
