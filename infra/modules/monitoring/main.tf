# Counts of the log lines of a package's jobs, and the alarms on them.
data "aws_region" "this" {}

locals {
  program   = replace(var.package, "_", "-")
  name      = "${var.environment}-${local.program}"
  namespace = "etl/${var.environment}/${var.package}"
  record    = var.log_record

  # Only failed attempts carry exit_code; a bug carries none, so the level decides.
  counted = {
    ClosedRuns       = { pattern = "{ ${local.record}.event = \"run is closed\" }", value = "1" }
    FailedAttempts   = { pattern = "{ ${local.record}.level = \"error\" }", value = "1" }
    QuarantinedUnits = { pattern = "{ (${local.record}.event = \"run is closed\") && (${local.record}.quarantined > 0) }", value = "${local.record}.quarantined" }
    CopiedUnits      = { pattern = "{ (${local.record}.event = \"run is closed\") && (${local.record}.done > 0) }", value = "${local.record}.done" }
  }

  alarms = {
    failed = {
      metric      = "FailedAttempts"
      description = "An attempt ended with an error. Look for its line with level error, its exit_code says what to do."
    }
    quarantined = {
      metric      = "QuarantinedUnits"
      description = "A run closed with units in quarantine. See them with ${local.program} show, then replay them."
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.counted

  name           = each.key
  log_group_name = var.log_group
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = local.namespace
    name          = each.key
    value         = each.value.value
    default_value = "0"
  }
}

resource "aws_cloudwatch_log_metric_filter" "exit_codes" {
  name           = "ExitCodes"
  log_group_name = var.log_group
  pattern        = "{ ${local.record}.exit_code = * }"

  metric_transformation {
    namespace  = local.namespace
    name       = "ExitCodes"
    value      = "1"
    dimensions = { ExitCode = "${local.record}.exit_code" }
  }
}

resource "aws_cloudwatch_metric_alarm" "counted" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = local.namespace
  metric_name         = aws_cloudwatch_log_metric_filter.this[each.value.metric].name
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
  namespace           = local.namespace
  metric_name         = aws_cloudwatch_log_metric_filter.this["ClosedRuns"].name
  statistic           = "Sum"
  period              = var.closed_run_every_hours * 3600
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arns
}

locals {
  query_fields = local.record == "$" ? "" : "${trimprefix(local.record, "$.")}."

  charts = [
    { title = "Runs", metrics = ["ClosedRuns", "FailedAttempts"] },
    { title = "Units", metrics = ["CopiedUnits", "QuarantinedUnits"] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = concat(
      [for index, chart in local.charts : {
        type   = "metric"
        x      = index * 8
        y      = 0
        width  = 8
        height = 6
        properties = {
          title   = chart.title
          region  = data.aws_region.this.id
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          metrics = [for metric in chart.metrics : [local.namespace, metric]]
        }
      }],
      [{
        type   = "metric"
        x      = 16
        y      = 0
        width  = 8
        height = 6
        properties = {
          title   = "Failed attempts by exit code"
          region  = data.aws_region.this.id
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          metrics = [[{ expression = "SEARCH('{\"${local.namespace}\",ExitCode} MetricName=\"ExitCodes\"', 'Sum', 300)" }]]
        }
        }, {
        type   = "log"
        x      = 0
        y      = 6
        width  = 24
        height = 8
        properties = {
          title  = "Newest runs and errors"
          region = data.aws_region.this.id
          view   = "table"
          query = join(" | ", [
            "SOURCE '${var.log_group}'",
            "fields @timestamp, ${join(", ", [for field in ["job", "run", "event", "done", "unchanged", "skipped", "quarantined", "seconds", "exit_code"] : "${local.query_fields}${field}"])}",
            "filter ${local.query_fields}event = 'run is closed' or ${local.query_fields}level = 'error'",
            "sort @timestamp desc",
            "limit 50",
          ])
        }
      }],
    )
  })
}
