# One page that shows how the runs go.
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
          region  = var.region
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          metrics = [for metric in chart.metrics : [local.metrics, metric]]
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
          region  = var.region
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          metrics = [[{ expression = "SEARCH('{\"${local.metrics}\",ExitCode} MetricName=\"ExitCodes\"', 'Sum', 300)" }]]
        }
        }, {
        type   = "log"
        x      = 0
        y      = 6
        width  = 24
        height = 8
        properties = {
          title  = "Newest runs and errors"
          region = var.region
          view   = "table"
          query = join(" | ", [
            "SOURCE '${local.log_group_name}'",
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
