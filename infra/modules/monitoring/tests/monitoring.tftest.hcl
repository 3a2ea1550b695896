# What is counted and watched in the lines of the jobs; nothing is created.
mock_provider "aws" {
  source = "../../local/mocks"
}

variables {
  environment = "staging"
  package     = "letter_sender"
  log_group   = "/etl/staging/letter_sender"
}

run "failures_and_quarantine_are_seen" {
  command = apply

  variables {
    log_record             = "$.log_processed"
    closed_run_every_hours = 24
    alarm_topic_arns       = ["arn:aws:sns:eu-west-1:111122223333:etl-alarms"]
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["QuarantinedUnits"].pattern == "{ ($.log_processed.event = \"run is closed\") && ($.log_processed.quarantined > 0) }"
    error_message = "The filter does not look where the log agent puts the line."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.counted["quarantined"].metric_name == "QuarantinedUnits" && aws_cloudwatch_metric_alarm.counted["failed"].metric_name == "FailedAttempts"
    error_message = "An alarm watches another metric."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.overdue[0].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.overdue[0].period == 86400
    error_message = "A job that never starts raises no alarm."
  }

  assert {
    condition = alltrue([for alarm in [aws_cloudwatch_metric_alarm.counted["failed"], aws_cloudwatch_metric_alarm.counted["quarantined"], aws_cloudwatch_metric_alarm.overdue[0]] :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:111122223333:etl-alarms"]) && alarm.namespace == "etl/staging/letter_sender"
    ])
    error_message = "An alarm tells nobody, or watches another package."
  }
}

run "jobs_without_a_schedule_are_never_overdue" {
  command = apply

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.overdue) == 0
    error_message = "An alarm waits for runs that nobody starts."
  }
}

run "the_dashboard_reads_the_lines" {
  command = apply

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "SOURCE '/etl/staging/letter_sender'")
    error_message = "The dashboard shows the lines of another group."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "etl/staging/letter_sender")
    error_message = "The dashboard shows the metrics of another package."
  }
}

run "a_place_that_is_not_a_path_is_refused" {
  command = plan

  variables {
    log_record = "log_processed"
  }

  expect_failures = [var.log_record]
}

run "an_interval_that_does_not_divide_a_day_is_refused" {
  command = plan

  variables {
    closed_run_every_hours = 5
  }

  expect_failures = [var.closed_run_every_hours]
}
