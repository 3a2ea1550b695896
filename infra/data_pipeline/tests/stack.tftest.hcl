# What must hold of the buckets, the role and the alarms; nothing is created.
mock_provider "aws" {
  # The provider refuses made-up names where an ARN belongs.
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:111122223333:key/mock" }
  }

  mock_data "aws_subnet" {
    defaults = { vpc_id = "vpc-0123456789abcdef0", map_public_ip_on_launch = false }
  }

  mock_data "aws_vpc" {
    defaults = { id = "vpc-0123456789abcdef0", default = false }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  region               = "eu-west-1"
  environment          = "staging"
  source_bucket        = "acme-uploads"
  create_source_bucket = true
  destination_bucket   = "acme-bronze"
  access_log_bucket    = "acme-access-logs"
  oidc_provider_arn    = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
  foundation = {
    vpc_id             = "vpc-0123456789abcdef0"
    vpc_cidr_block     = "10.20.0.0/16"
    private_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    s3_prefix_list_id  = "pl-0123456789abcdef0"
  }
}

run "no_bucket_is_public" {
  command = apply

  assert {
    condition     = toset(keys(aws_s3_bucket_public_access_block.this)) == toset(["source", "destination", "access_logs"])
    error_message = "A bucket has no public access block."
  }

  assert {
    condition = alltrue([for each in values(aws_s3_bucket_public_access_block.this) :
      each.block_public_acls && each.block_public_policy && each.ignore_public_acls && each.restrict_public_buckets
    ])
    error_message = "A bucket can be made public."
  }

  assert {
    condition     = alltrue([for each in values(aws_s3_bucket_ownership_controls.this) : each.rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "A bucket still knows ACLs."
  }
}

run "everything_is_encrypted_and_versioned" {
  command = apply

  assert {
    condition = alltrue([for place in ["source", "destination"] :
      one(aws_s3_bucket_server_side_encryption_configuration.this[place].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" &&
      one(aws_s3_bucket_server_side_encryption_configuration.this[place].rule).apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.this["data"].arn
    ])
    error_message = "A data bucket is not encrypted with the key of the stack."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this["access_logs"].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "S3 delivers access logs to buckets with SSE-S3 only."
  }

  assert {
    condition     = alltrue([for each in values(aws_s3_bucket_versioning.this) : each.versioning_configuration[0].status == "Enabled"])
    error_message = "A bucket is not versioned."
  }

  assert {
    condition     = alltrue([for each in values(aws_kms_key.this) : each.enable_key_rotation])
    error_message = "A key does not rotate."
  }

  assert {
    condition     = aws_ecr_repository.image.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.image.image_scanning_configuration[0].scan_on_push && aws_ecr_repository.image.encryption_configuration[0].encryption_type == "KMS"
    error_message = "Images can be replaced, are not scanned, or not encrypted."
  }

  assert {
    condition     = aws_cloudwatch_log_group.jobs.kms_key_id != null
    error_message = "The logs are not encrypted."
  }
}

run "only_tls" {
  command = apply

  assert {
    condition = alltrue([for place, each in aws_s3_bucket_policy.this : length([
      for statement in jsondecode(each.policy).Statement : statement
      if statement.Effect == "Deny" && statement.Principal == { AWS = "*" } && statement.Action == "s3:*" &&
      try(statement.Condition.Bool["aws:SecureTransport"], "") == "false" &&
      statement.Resource == [local.bucket_arns[place], "${local.bucket_arns[place]}/*"]
    ]) == 1])
    error_message = "A bucket can be read without TLS."
  }

  assert {
    condition = alltrue([for each in values(aws_s3_bucket_policy.this) : length([
      for statement in jsondecode(each.policy).Statement : statement
      if statement.Effect == "Deny" && try(statement.Condition.NumericLessThan["s3:TlsVersion"], "") == "1.2"
    ]) == 1])
    error_message = "A bucket can be read over an old TLS."
  }

  assert {
    condition = alltrue([for statement in flatten([for each in values(aws_s3_bucket_policy.this) : jsondecode(each.policy).Statement]) :
      statement.Effect == "Deny" || try(statement.Principal.Service, "") == "logging.s3.amazonaws.com"
    ])
    error_message = "A bucket policy lets somebody in."
  }
}

run "lifecycle_removes_nothing_current" {
  command = apply

  assert {
    condition = alltrue(flatten([for each in values(aws_s3_bucket_lifecycle_configuration.data) : [for rule in each.rule :
      length(rule.transition) == 0 && alltrue([for it in rule.expiration : coalesce(it.days, 0) == 0 && it.date == null])
    ]]))
    error_message = "A rule expires or archives current objects: some day the newest index under _etl/, or the ledger of an open quarantine."
  }

  assert {
    condition     = alltrue([for each in values(aws_s3_bucket_lifecycle_configuration.data) : anytrue([for rule in each.rule : length(rule.abort_incomplete_multipart_upload) == 1])])
    error_message = "Forgotten uploads stay."
  }

  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.data["destination"].rule : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "remove-replaced-state" && rule.filter[0].prefix == "_etl/"]) == 14
    error_message = "The versions of the leases pile up."
  }

  assert {
    condition     = !anytrue([for rule in aws_s3_bucket_lifecycle_configuration.data["source"].rule : rule.id == "remove-replaced-state"])
    error_message = "The source has no state."
  }
}

run "least_privilege" {
  command = apply

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.job.policy).Statement : statement.Sid => [statement.Action, statement.Resource] } == {
      ListSource         = [["s3:ListBucket"], "arn:aws:s3:::acme-uploads"]
      ReadSource         = [["s3:GetObject", "s3:GetObjectTagging"], "arn:aws:s3:::acme-uploads/*"]
      ListDestination    = [["s3:ListBucket", "s3:ListBucketMultipartUploads"], "arn:aws:s3:::acme-bronze"]
      WriteDestination   = [["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"], "arn:aws:s3:::acme-bronze/*"]
      KeepState          = [["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], "arn:aws:s3:::acme-bronze/_etl/*"]
      DecryptSource      = [["kms:Decrypt"], aws_kms_key.this["data"].arn]
      EncryptDestination = [["kms:Decrypt", "kms:GenerateDataKey"], aws_kms_key.this["data"].arn]
    }
    error_message = "The role may do something else than its requests need."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.job.policy).Statement : statement.Effect == "Allow" && try(statement.Condition.StringEquals["kms:ViaService"], "s3.eu-west-1.amazonaws.com") == "s3.eu-west-1.amazonaws.com"])
    error_message = "A key can be used past S3."
  }

  assert {
    condition = jsondecode(aws_iam_role.job.assume_role_policy).Statement[0].Condition == { StringEquals = {
      "oidc.eks.eu-west-1.amazonaws.com/id/ABC:aud" = "sts.amazonaws.com"
      "oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub" = "system:serviceaccount:etl:data-pipeline"
    } }
    error_message = "Another service account can take the role."
  }
}

run "existing_buckets_are_left_alone" {
  command = apply

  variables {
    create_source_bucket      = false
    create_destination_bucket = false
    create_access_log_bucket  = false
    destination_kms_key_arn   = "arn:aws:kms:eu-west-1:111122223333:key/theirs"
  }

  assert {
    condition     = length(aws_s3_bucket.this) == 0 && length(aws_s3_bucket_policy.this) == 0 && length(aws_s3_bucket_lifecycle_configuration.data) == 0
    error_message = "A bucket of somebody else is changed."
  }

  assert {
    condition     = { for statement in jsondecode(aws_iam_role_policy.job.policy).Statement : statement.Sid => statement.Resource if startswith(statement.Action[0], "kms:") } == { EncryptDestination = "arn:aws:kms:eu-west-1:111122223333:key/theirs" }
    error_message = "The role has not the keys of the buckets it is given."
  }

  assert {
    condition     = output.destination_bucket == "acme-bronze" && output.source_bucket == "acme-uploads"
    error_message = "The outputs do not name the existing buckets."
  }
}

run "jobs_reach_what_they_need_only" {
  command = apply

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3.prefix_list_id == "pl-0123456789abcdef0" && aws_vpc_security_group_egress_rule.s3.cidr_ipv4 == null
    error_message = "S3 is not reached through the gateway endpoint alone."
  }

  assert {
    condition     = keys(aws_vpc_security_group_egress_rule.database) == ["10.20.0.0/16"]
    error_message = "The database is looked for outside the VPC."
  }
}

run "failures_and_quarantine_are_seen" {
  command = apply

  variables {
    log_record             = "$.log_processed"
    closed_run_every_hours = 24
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["QuarantinedUnits"].pattern == "{ ($.log_processed.event = \"run is closed\") && ($.log_processed.quarantined > 0) }"
    error_message = "The filter does not look where the log agent puts the line."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.quarantined.metric_name == "QuarantinedUnits" && aws_cloudwatch_metric_alarm.failed.metric_name == "FailedAttempts"
    error_message = "An alarm watches another metric."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.overdue[0].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.overdue[0].period == 86400
    error_message = "A job that never starts raises no alarm."
  }
}

run "the_foundation_can_be_read_from_its_state" {
  command = apply

  variables {
    foundation       = null
    foundation_state = { bucket = "states", key = "plumbing", region = "eu-west-1" }
  }

  override_data {
    target = data.terraform_remote_state.foundation[0]
    values = { outputs = { foundation = {
      vpc_id             = "vpc-0123456789abcdef0"
      vpc_cidr_block     = "10.30.0.0/16"
      private_subnet_ids = ["subnet-0123456789abcdef9"]
      s3_prefix_list_id  = "pl-0123456789abcdef0"
    } } }
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.endpoints.cidr_ipv4 == "10.30.0.0/16" && length(output.private_subnet_ids) == 1
    error_message = "The network is not the one in the state."
  }
}

run "the_default_vpc_is_refused" {
  command = plan

  override_data {
    target = data.aws_vpc.this
    values = { default = true }
  }

  expect_failures = [data.aws_vpc.this]
}

run "public_subnets_are_refused" {
  command = plan

  override_data {
    target = data.aws_subnet.private[0]
    values = { map_public_ip_on_launch = true, vpc_id = "vpc-0123456789abcdef0" }
  }

  expect_failures = [data.aws_subnet.private[0]]
}

run "no_network_is_refused" {
  command = plan

  variables {
    foundation = null
  }

  expect_failures = [var.foundation_state]
}

run "a_pattern_of_service_accounts_is_refused" {
  command = plan

  variables {
    service_account = "*"
  }

  expect_failures = [var.service_account]
}

run "an_alias_of_a_key_is_refused" {
  command = plan

  variables {
    source_kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:alias/theirs"
  }

  expect_failures = [var.source_kms_key_arn]
}

run "logging_into_the_destination_is_refused" {
  command = plan

  variables {
    access_log_bucket = "acme-bronze"
  }

  expect_failures = [var.access_log_bucket]
}
