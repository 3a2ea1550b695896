# Properties of every bucket; nothing is created.
mock_provider "aws" {
  source = "../../local/mocks"
}

variables {
  bucket            = "acme-letters"
  kms_key_arn       = "arn:aws:kms:eu-west-1:111122223333:key/data"
  access_log_bucket = "acme-access-logs"
  noncurrent_days   = 90
  replaced_sooner   = { state = { prefix = "_etl/", noncurrent_days = 14 } }
}

run "no_bucket_is_public" {
  command = apply

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "The bucket can be made public."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "The bucket still knows ACLs."
  }
}

run "everything_is_encrypted_and_versioned" {
  command = apply

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "The bucket is not encrypted with a key."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == "arn:aws:kms:eu-west-1:111122223333:key/data"
    error_message = "The bucket is encrypted with another key."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "The bucket is not versioned."
  }

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == "acme-access-logs" && aws_s3_bucket_logging.this[0].target_prefix == "acme-letters/"
    error_message = "Access is not logged."
  }
}

run "only_tls" {
  command = apply

  assert {
    condition = length([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement
      if statement.Effect == "Deny" && statement.Principal == { AWS = "*" } && statement.Action == "s3:*" &&
      try(statement.Condition.Bool["aws:SecureTransport"], "") == "false" &&
      statement.Resource == ["arn:aws:s3:::acme-letters", "arn:aws:s3:::acme-letters/*"]
    ]) == 1
    error_message = "The bucket can be read without TLS."
  }

  assert {
    condition = length([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement
      if statement.Effect == "Deny" && try(statement.Condition.NumericLessThan["s3:TlsVersion"], "") == "1.2"
    ]) == 1
    error_message = "The bucket can be read over an old TLS."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Effect == "Deny"])
    error_message = "The bucket policy lets somebody in."
  }
}

run "lifecycle_removes_nothing_current" {
  command = apply

  assert {
    condition = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      length(rule.transition) == 0 && alltrue([for expiration in rule.expiration : coalesce(expiration.days, 0) == 0 && expiration.date == null])
    ])
    error_message = "A rule expires or archives current objects: some day the newest index under _etl/, or the ledger of an open quarantine."
  }

  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : length(rule.abort_incomplete_multipart_upload) == 1])
    error_message = "Forgotten uploads stay."
  }

  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "remove-replaced-state" && rule.filter[0].prefix == "_etl/"]) == 14
    error_message = "The versions of the leases pile up."
  }
}

run "replaced_state_goes_with_the_rest_at_the_latest" {
  command = apply

  variables {
    noncurrent_days = 14
  }

  assert {
    condition     = !contains(aws_s3_bucket_lifecycle_configuration.this.rule[*].id, "remove-replaced-state")
    error_message = "There is a rule for a prefix that changes nothing."
  }
}

run "a_bucket_for_access_logs" {
  command = apply

  variables {
    bucket             = "acme-access-logs"
    kms_key_arn        = null
    access_log_bucket  = null
    access_log_sources = ["arn:aws:s3:::acme-letters"]
    noncurrent_days    = 1
    replaced_sooner    = {}
    expire_days        = 365
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "S3 delivers access logs to buckets with SSE-S3 only."
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "AccessLogsOfTheBucketsMadeHere"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::acme-access-logs/*"
      Condition = {
        ArnLike      = { "aws:SourceArn" = ["arn:aws:s3:::acme-letters"] }
        StringEquals = { "aws:SourceAccount" = "111122223333" }
      }
    }]
    error_message = "Access logs are not delivered, or somebody else may write."
  }

  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.expiration[0].days if rule.id == "expire"]) == 365
    error_message = "Access logs are kept for ever."
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 0
    error_message = "The bucket of the access logs logs into another one."
  }
}

run "access_logs_under_a_key_are_refused" {
  command = plan

  variables {
    access_log_sources = ["arn:aws:s3:::acme-letters"]
  }

  expect_failures = [var.kms_key_arn]
}

run "logging_into_itself_is_refused" {
  command = plan

  variables {
    access_log_bucket = "acme-letters"
  }

  expect_failures = [var.access_log_bucket]
}

run "a_name_with_dots_is_refused" {
  command = plan

  variables {
    bucket = "letters.acme"
  }

  expect_failures = [var.bucket]
}
