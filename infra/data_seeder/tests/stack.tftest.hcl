# What must hold of the role, the image and the network; nothing is created.
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
  region            = "eu-west-1"
  environment       = "staging"
  buckets           = ["acme-uploads"]
  oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
  foundation = {
    vpc_id             = "vpc-0123456789abcdef0"
    vpc_cidr_block     = "10.20.0.0/16"
    private_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    s3_prefix_list_id  = "pl-0123456789abcdef0"
  }
}

run "the_role_reaches_named_buckets_only" {
  command = apply

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.job.policy).Statement :
      alltrue([for resource in statement.Resource : startswith(resource, "arn:aws:s3:::acme-uploads")])
    ])
    error_message = "The role reaches another bucket."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.job.policy).Statement :
      alltrue([for resource in statement.Resource : endswith(resource, "/_etl/*")]) if contains(statement.Action, "s3:DeleteObject")
    ])
    error_message = "The role may delete more than the state of runs."
  }

  assert {
    condition     = jsondecode(aws_iam_role.job.assume_role_policy).Statement[0].Condition.StringEquals["oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub"] == "system:serviceaccount:etl:data-seeder"
    error_message = "Somebody else may take the role."
  }
}

run "a_key_is_used_through_s3_only" {
  command = apply

  variables {
    bucket_kms_key_arns = ["arn:aws:kms:eu-west-1:111122223333:key/one"]
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.job.policy).Statement : statement.Condition.StringEquals["kms:ViaService"] if statement.Sid == "UseKey0"]) == "s3.eu-west-1.amazonaws.com"
    error_message = "The key may be used outside S3."
  }
}

run "images_and_logs_are_encrypted" {
  command = apply

  assert {
    condition     = aws_ecr_repository.image.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.image.encryption_configuration[0].encryption_type == "KMS"
    error_message = "Images can be replaced, or are not encrypted."
  }

  assert {
    condition     = aws_cloudwatch_log_group.jobs.kms_key_id == aws_kms_key.this["logs"].arn
    error_message = "The logs are not encrypted with the key of the stack."
  }
}

run "a_subnet_with_public_addresses_is_refused" {
  command = plan

  override_data {
    target = data.aws_subnet.private
    values = { vpc_id = "vpc-0123456789abcdef0", map_public_ip_on_launch = true }
  }

  expect_failures = [data.aws_subnet.private]
}

run "a_bucket_must_be_named" {
  command = plan

  variables {
    buckets = []
  }

  expect_failures = [var.buckets]
}
