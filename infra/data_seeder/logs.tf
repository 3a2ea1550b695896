# Where the lines of the jobs go.
locals {
  log_group_name = "/etl/${var.environment}/data_seeder"
  log_group_arn  = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:${local.log_group_name}"
}

resource "aws_cloudwatch_log_group" "jobs" {
  name              = local.log_group_name
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.this["logs"].arn
}
