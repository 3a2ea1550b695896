# Properties of every key; nothing is created.
mock_provider "aws" {
  source = "../../local/mocks"
}

variables {
  description = "Encrypts the letters (staging)"
}

run "the_account_decides" {
  command = apply

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key does not rotate, or is gone at once when it is deleted."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Principal] == [{ AWS = "arn:aws:iam::111122223333:root" }]
    error_message = "The policy of the key lets in others than the account."
  }

  assert {
    condition     = length(aws_kms_alias.this) == 0
    error_message = "The key has an alias that nobody asked for."
  }
}

run "cloudwatch_encrypts_one_log_group" {
  command = apply

  variables {
    alias         = "staging-letters-logs"
    log_group_arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/etl/staging/letters"
  }

  assert {
    condition     = jsondecode(aws_kms_key.this.policy).Statement[1].Principal == { Service = "logs.eu-west-1.amazonaws.com" }
    error_message = "CloudWatch Logs of the region of the group cannot use the key."
  }

  assert {
    condition     = jsondecode(aws_kms_key.this.policy).Statement[1].Condition == { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-west-1:111122223333:log-group:/etl/staging/letters" } }
    error_message = "CloudWatch Logs can use the key for other groups."
  }

  assert {
    condition     = aws_kms_alias.this[0].name == "alias/staging-letters-logs"
    error_message = "The alias is another one."
  }
}

run "all_log_groups_are_refused" {
  command = plan

  variables {
    log_group_arn = "arn:aws:logs:eu-west-1:111122223333:log-group:*"
  }

  expect_failures = [var.log_group_arn]
}

run "an_alias_with_its_prefix_is_refused" {
  command = plan

  variables {
    alias = "alias/letters"
  }

  expect_failures = [var.alias]
}
