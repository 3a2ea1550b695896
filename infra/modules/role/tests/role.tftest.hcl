# Permissions that a role has, and those that are refused; nothing is created.
mock_provider "aws" {
  source = "../../local/mocks"
}

variables {
  environment       = "staging"
  package           = "letter_sender"
  oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
  service_account   = "letter-sender"
  statements = [
    { sid = "ReadLetters", actions = ["s3:GetObject"], resources = ["arn:aws:s3:::acme-letters/*"] },
    { sid = "DecryptLetters", actions = ["kms:Decrypt"], resources = ["arn:aws:kms:eu-west-1:111122223333:key/one"], via = "s3" },
  ]
}

run "the_statements_are_granted_and_nothing_else" {
  command = apply

  assert {
    condition = jsondecode(output.policy).Statement == [
      { Sid = "ReadLetters", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::acme-letters/*"] },
      {
        Sid       = "DecryptLetters"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = ["arn:aws:kms:eu-west-1:111122223333:key/one"]
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
      },
    ]
    error_message = "The role may do something else than its statements say."
  }
}

run "one_service_account_takes_it" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role.job.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "oidc.eks.eu-west-1.amazonaws.com/id/ABC:aud" = "sts.amazonaws.com"
        "oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub" = "system:serviceaccount:etl:letter-sender"
      } }
    }]
    error_message = "Another service account can take the role."
  }

  assert {
    condition     = output.service_account == "etl/letter-sender"
    error_message = "The output names another service account."
  }
}

run "a_pattern_of_service_accounts_is_refused" {
  command = plan

  variables {
    service_account = "*"
  }

  expect_failures = [var.service_account]
}

run "a_pattern_of_namespaces_is_refused" {
  command = plan

  variables {
    namespace = "etl-*"
  }

  expect_failures = [var.namespace]
}

run "a_pattern_of_actions_is_refused" {
  command = plan

  variables {
    statements = [{ sid = "ReadLetters", actions = ["s3:Get*"], resources = ["arn:aws:s3:::acme-letters/*"] }]
  }

  expect_failures = [var.statements]
}

run "all_resources_are_refused" {
  command = plan

  variables {
    statements = [{ sid = "ReadLetters", actions = ["s3:GetObject"], resources = ["*"] }]
  }

  expect_failures = [var.statements]
}

run "all_buckets_are_refused" {
  command = plan

  variables {
    statements = [{ sid = "ReadLetters", actions = ["s3:ListBucket"], resources = ["arn:aws:s3:::*"] }]
  }

  expect_failures = [var.statements]
}

run "a_key_past_its_service_is_refused" {
  command = plan

  variables {
    statements = [{ sid = "Decrypt", actions = ["kms:Decrypt"], resources = ["arn:aws:kms:eu-west-1:111122223333:key/one"] }]
  }

  expect_failures = [var.statements]
}

run "an_alias_of_a_key_is_refused" {
  command = plan

  variables {
    statements = [{ sid = "Decrypt", actions = ["kms:Decrypt"], resources = ["arn:aws:kms:eu-west-1:111122223333:alias/theirs"], via = "s3" }]
  }

  expect_failures = [var.statements]
}

run "a_statement_without_resources_is_refused" {
  command = plan

  variables {
    statements = [{ sid = "ReadLetters", actions = ["s3:GetObject"], resources = [] }]
  }

  expect_failures = [var.statements]
}
