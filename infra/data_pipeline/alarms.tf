# What somebody is woken for; the runbook of each is in the README.
resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${local.name}-failed"
  alarm_description   = "An attempt ended with an error. Look for its line with level error, its exit_code says what to do."
  namespace           = local.metrics
  metric_name         = aws_cloudwatch_log_metric_filter.this["FailedAttempts"].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "quarantined" {
  alarm_name          = "${local.name}-quarantined"
  alarm_description   = "A run closed with units in quarantine. See them with data-pipeline show, then replay them."
  namespace           = local.metrics
  metric_name         = aws_cloudwatch_log_metric_filter.this["QuarantinedUnits"].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
}

# Neither a pod that never started nor one that ran out of memory writes a line.
resource "aws_cloudwatch_metric_alarm" "overdue" {
  count = var.closed_run_every_hours == null ? 0 : 1

  alarm_name          = "${local.name}-overdue"
  alarm_description   = "No run closed for ${var.closed_run_every_hours} hours. Look at the CronJob, its pods and their events."
  namespace           = local.metrics
  metric_name         = aws_cloudwatch_log_metric_filter.this["ClosedRuns"].name
  statistic           = "Sum"
  period              = var.closed_run_every_hours * 3600
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arns
}
