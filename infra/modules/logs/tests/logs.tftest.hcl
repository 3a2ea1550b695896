# Properties of every log group; nothing is created.
mock_provider "aws" {
  source = "../../local/mocks"
}

variables {
  environment = "staging"
  package     = "letter_sender"
}

run "lines_are_encrypted_and_kept" {
  command = apply

  assert {
    condition     = aws_cloudwatch_log_group.jobs.kms_key_id == module.key.arn && aws_cloudwatch_log_group.jobs.retention_in_days == 365
    error_message = "The lines are not encrypted with the key of the group, or are not kept for a year."
  }

  assert {
    condition     = output.log_group == "/etl/staging/letter_sender"
    error_message = "The group is not named after environment and package."
  }
}

run "a_retention_that_cloudwatch_does_not_know_is_refused" {
  command = plan

  variables {
    log_days = 366
  }

  expect_failures = [var.log_days]
}

run "a_retention_below_a_year_is_refused" {
  command = plan

  variables {
    log_days = 30
  }

  expect_failures = [var.log_days]
}
