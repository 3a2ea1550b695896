# Where the lines of the jobs go, and what is counted in them.
locals {
  log_group_name = "/etl/${var.environment}/data_pipeline"
  log_group_arn  = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:${local.log_group_name}"
  metrics        = "etl/${var.environment}/data_pipeline"
  record         = var.log_record

  # Only failed attempts carry exit_code; a bug carries none, so the level decides.
  counted = {
    ClosedRuns       = { pattern = "{ ${local.record}.event = \"run is closed\" }", value = "1" }
    FailedAttempts   = { pattern = "{ ${local.record}.level = \"error\" }", value = "1" }
    QuarantinedUnits = { pattern = "{ (${local.record}.event = \"run is closed\") && (${local.record}.quarantined > 0) }", value = "${local.record}.quarantined" }
    CopiedUnits      = { pattern = "{ (${local.record}.event = \"run is closed\") && (${local.record}.done > 0) }", value = "${local.record}.done" }
  }
}

resource "aws_cloudwatch_log_group" "jobs" {
  name              = local.log_group_name
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.this["logs"].arn
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.counted

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.jobs.name
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = local.metrics
    name          = each.key
    value         = each.value.value
    default_value = "0"
  }
}

resource "aws_cloudwatch_log_metric_filter" "exit_codes" {
  name           = "ExitCodes"
  log_group_name = aws_cloudwatch_log_group.jobs.name
  pattern        = "{ ${local.record}.exit_code = * }"

  metric_transformation {
    namespace  = local.metrics
    name       = "ExitCodes"
    value      = "1"
    dimensions = { ExitCode = "${local.record}.exit_code" }
  }
}
