# Properties of the role, and settings that are refused; nothing is created.
mock_provider "aws" {
  source = "../local/mocks"
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
    condition = alltrue([for statement in jsondecode(module.role.policy).Statement :
      alltrue([for resource in statement.Resource : startswith(resource, "arn:aws:s3:::acme-uploads")])
    ])
    error_message = "The role reaches another bucket."
  }

  assert {
    condition = alltrue([for statement in jsondecode(module.role.policy).Statement :
      alltrue([for resource in statement.Resource : endswith(resource, "/_etl/*")]) if contains(statement.Action, "s3:DeleteObject")
    ])
    error_message = "The role may delete more than the state of runs."
  }

  assert {
    condition     = output.service_account == "etl/data-seeder"
    error_message = "Somebody else may take the role."
  }
}

run "a_key_is_used_through_s3_only" {
  command = apply

  variables {
    bucket_kms_key_arns = ["arn:aws:kms:eu-west-1:111122223333:key/one"]
  }

  assert {
    condition     = one([for statement in jsondecode(module.role.policy).Statement : statement.Condition.StringEquals["kms:ViaService"] if statement.Sid == "UseKey0"]) == "s3.eu-west-1.amazonaws.com"
    error_message = "The key may be used outside S3."
  }
}

run "everything_is_named_after_the_package" {
  command = apply

  assert {
    condition     = output.log_group == "/etl/staging/data_seeder"
    error_message = "The logs are those of another package."
  }

  assert {
    condition     = length(output.private_subnet_ids) == 2
    error_message = "The jobs do not run in the subnets of the foundation."
  }
}

run "a_bucket_must_be_named" {
  command = plan

  variables {
    buckets = []
  }

  expect_failures = [var.buckets]
}
