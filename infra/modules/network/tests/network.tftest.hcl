# Ways out of a job, and networks that are refused; nothing is created.
mock_provider "aws" {
  source = "../../local/mocks"
}

variables {
  environment = "staging"
  package     = "letter_sender"
  foundation = {
    vpc_id             = "vpc-0123456789abcdef0"
    vpc_cidr_block     = "10.20.0.0/16"
    private_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    s3_prefix_list_id  = "pl-0123456789abcdef0"
  }
}

run "jobs_reach_what_they_need_only" {
  command = apply

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3.prefix_list_id == "pl-0123456789abcdef0" && aws_vpc_security_group_egress_rule.s3.cidr_ipv4 == null
    error_message = "S3 is not reached through the gateway endpoint alone."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.endpoints.cidr_ipv4 == "10.20.0.0/16"
    error_message = "The endpoints are looked for outside the VPC."
  }

  assert {
    condition     = keys(aws_vpc_security_group_egress_rule.database) == ["10.20.0.0/16"]
    error_message = "The database is looked for outside the VPC."
  }

  assert {
    condition     = keys(aws_vpc_security_group_egress_rule.dns) == ["tcp", "udp"]
    error_message = "Names are not resolved over TCP and UDP."
  }
}

run "the_database_can_be_one_subnet" {
  command = apply

  variables {
    database_cidr_blocks = ["10.30.1.0/24"]
    database_port        = 6432
  }

  assert {
    condition     = { for block, rule in aws_vpc_security_group_egress_rule.database : block => rule.to_port } == { "10.30.1.0/24" = 6432 }
    error_message = "The database is not reached at its own address and port alone."
  }
}

run "s3_without_a_prefix_list" {
  command = apply

  variables {
    foundation = {
      vpc_id             = "vpc-0123456789abcdef0"
      vpc_cidr_block     = "10.20.0.0/16"
      private_subnet_ids = ["subnet-0123456789abcdef0"]
    }
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3.cidr_ipv4 == "0.0.0.0/0" && aws_vpc_security_group_egress_rule.s3.from_port == 443 && aws_vpc_security_group_egress_rule.s3.to_port == 443
    error_message = "S3 cannot be reached, or not over TLS alone."
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

run "a_subnet_with_public_addresses_is_refused" {
  command = plan

  override_data {
    target = data.aws_subnet.private[0]
    values = { map_public_ip_on_launch = true, vpc_id = "vpc-0123456789abcdef0" }
  }

  expect_failures = [data.aws_subnet.private[0]]
}

run "a_subnet_of_another_vpc_is_refused" {
  command = plan

  override_data {
    target = data.aws_subnet.private[1]
    values = { map_public_ip_on_launch = false, vpc_id = "vpc-0123456789abcdef1" }
  }

  expect_failures = [data.aws_subnet.private[1]]
}

run "no_network_is_refused" {
  command = plan

  variables {
    foundation = null
  }

  expect_failures = [var.foundation_state]
}

run "a_database_anywhere_is_refused" {
  command = plan

  variables {
    database_cidr_blocks = ["0.0.0.0/0"]
  }

  expect_failures = [var.database_cidr_blocks]
}
