# Properties of the buckets and the role, and settings that are refused; nothing is created.
mock_provider "aws" {
  source = "../local/mocks"
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

run "buckets_have_the_key_of_the_stack" {
  command = apply

  assert {
    condition     = { for place, bucket in module.bucket : place => bucket.bucket } == { source = "acme-uploads", destination = "acme-bronze" } && module.access_logs[*].bucket == ["acme-access-logs"]
    error_message = "A bucket is not made."
  }

  assert {
    condition     = alltrue([for bucket in values(module.bucket) : bucket.kms_key_arn == module.data_key.arn])
    error_message = "A data bucket is not encrypted with the key of the stack."
  }

  assert {
    condition     = module.access_logs[0].kms_key_arn == null
    error_message = "S3 delivers access logs to buckets with SSE-S3 only."
  }
}

run "bucket_policies_let_nobody_in_but_the_log_delivery" {
  command = apply

  assert {
    condition     = alltrue([for bucket in values(module.bucket) : alltrue([for statement in jsondecode(bucket.policy).Statement : statement.Effect == "Deny"])])
    error_message = "The policy of a data bucket lets somebody in."
  }

  assert {
    condition = [for statement in jsondecode(module.access_logs[0].policy).Statement : [statement.Principal, statement.Condition.ArnLike] if statement.Effect == "Allow"] == [
      [{ Service = "logging.s3.amazonaws.com" }, { "aws:SourceArn" = ["arn:aws:s3:::acme-uploads", "arn:aws:s3:::acme-bronze"] }]
    ]
    error_message = "The access logs of these buckets are not delivered, or those of others are."
  }
}

run "lifecycle_removes_nothing_current" {
  command = apply

  assert {
    condition = alltrue(flatten([for bucket in values(module.bucket) : [for rule in bucket.lifecycle_rules :
      length(rule.transition) == 0 && alltrue([for expiration in rule.expiration : coalesce(expiration.days, 0) == 0 && expiration.date == null])
    ]]))
    error_message = "A rule expires or archives current objects: some day the newest index under _etl/, or the ledger of an open quarantine."
  }

  assert {
    condition     = alltrue([for bucket in values(module.bucket) : anytrue([for rule in bucket.lifecycle_rules : length(rule.abort_incomplete_multipart_upload) == 1])])
    error_message = "Forgotten uploads stay."
  }

  assert {
    condition     = one([for rule in module.bucket["destination"].lifecycle_rules : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "remove-replaced-state" && rule.filter[0].prefix == "_etl/"]) == 14
    error_message = "The versions of the leases pile up."
  }

  assert {
    condition     = !anytrue([for rule in module.bucket["source"].lifecycle_rules : rule.id == "remove-replaced-state"])
    error_message = "The source has no state."
  }
}

run "least_privilege" {
  command = apply

  assert {
    condition = { for statement in jsondecode(module.role.policy).Statement : statement.Sid => [statement.Action, statement.Resource] } == {
      ListSource         = [["s3:ListBucket"], ["arn:aws:s3:::acme-uploads"]]
      ReadSource         = [["s3:GetObject", "s3:GetObjectTagging"], ["arn:aws:s3:::acme-uploads/*"]]
      ListDestination    = [["s3:ListBucket", "s3:ListBucketMultipartUploads"], ["arn:aws:s3:::acme-bronze"]]
      WriteDestination   = [["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"], ["arn:aws:s3:::acme-bronze/*"]]
      KeepState          = [["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::acme-bronze/_etl/*"]]
      DecryptSource      = [["kms:Decrypt"], [module.data_key.arn]]
      EncryptDestination = [["kms:Decrypt", "kms:GenerateDataKey"], [module.data_key.arn]]
    }
    error_message = "The role may do something else than its requests need."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(module.role.policy).Statement : statement.Effect == "Allow" && try(statement.Condition.StringEquals["kms:ViaService"], "s3.eu-west-1.amazonaws.com") == "s3.eu-west-1.amazonaws.com"])
    error_message = "A key can be used past S3."
  }

  assert {
    condition     = output.service_account == "etl/data-pipeline"
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
    condition     = length(module.bucket) == 0 && length(module.access_logs) == 0
    error_message = "A bucket of somebody else is changed."
  }

  assert {
    condition     = { for statement in jsondecode(module.role.policy).Statement : statement.Sid => statement.Resource if startswith(statement.Action[0], "kms:") } == { EncryptDestination = ["arn:aws:kms:eu-west-1:111122223333:key/theirs"] }
    error_message = "The role has not the keys of the buckets it is given."
  }

  assert {
    condition     = output.destination_bucket == "acme-bronze" && output.source_bucket == "acme-uploads"
    error_message = "The outputs do not name the existing buckets."
  }
}

run "everything_is_named_after_the_package" {
  command = apply

  assert {
    condition     = output.log_group == "/etl/staging/data_pipeline" && output.dashboard == "staging-data-pipeline"
    error_message = "The logs or the dashboard are those of another package."
  }

  assert {
    condition     = length(output.private_subnet_ids) == 2
    error_message = "The jobs do not run in the subnets of the foundation."
  }
}

run "a_bucket_for_source_and_destination_is_made_once" {
  command = plan

  variables {
    destination_bucket = "acme-uploads"
  }

  expect_failures = [var.create_source_bucket]
}

run "a_bucket_name_with_a_pattern_is_refused" {
  command = plan

  variables {
    source_bucket        = "acme-*"
    create_source_bucket = false
  }

  expect_failures = [var.source_bucket]
}

run "logging_into_the_destination_is_refused" {
  command = plan

  variables {
    access_log_bucket = "acme-bronze"
  }

  expect_failures = [var.access_log_bucket]
}
