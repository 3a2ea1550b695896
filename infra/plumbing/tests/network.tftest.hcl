# What must hold of every network; nothing is created.
mock_provider "aws" {
  source = "../local/mocks"
}

variables {
  region             = "eu-west-1"
  environment        = "staging"
  availability_zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
}

run "subnets_are_private_and_apart" {
  command = apply

  assert {
    condition     = toset(keys(aws_subnet.private)) == toset(var.availability_zones)
    error_message = "There is not one private subnet in each zone."
  }

  assert {
    condition     = !anytrue([for each in concat(values(aws_subnet.private), values(aws_subnet.public)) : each.map_public_ip_on_launch])
    error_message = "A subnet gives out public addresses."
  }

  assert {
    condition     = [for zone in var.availability_zones : aws_subnet.private[zone].cidr_block] == ["10.20.0.0/19", "10.20.32.0/19", "10.20.64.0/19"]
    error_message = "The private subnets are not the first three eighths."
  }

  assert {
    condition     = [for zone in var.availability_zones : aws_subnet.public[zone].cidr_block] == ["10.20.224.0/24", "10.20.225.0/24", "10.20.226.0/24"]
    error_message = "The public subnets are not in the last eighth."
  }

  assert {
    condition     = alltrue([for zone in var.availability_zones : aws_route_table_association.private[zone].route_table_id == aws_route_table.private[zone].id])
    error_message = "A private subnet has not its own route table."
  }

  assert {
    condition     = alltrue([for route in values(aws_route.nat) : route.gateway_id == null])
    error_message = "A private subnet has a route to the internet gateway."
  }

  assert {
    condition     = length(output.foundation.private_subnet_ids) == 3 && output.foundation.vpc_id == aws_vpc.this.id
    error_message = "The output foundation is not what the modules need."
  }
}

run "defaults_are_closed" {
  command = apply

  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "The default security group lets something through."
  }

  assert {
    condition     = length(aws_default_route_table.closed.route) == 0
    error_message = "The default route table leads somewhere."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == var.vpc_cidr_block && aws_vpc_security_group_ingress_rule.endpoints.from_port == 443
    error_message = "The endpoints can be reached from outside the VPC, or on more than HTTPS."
  }
}

run "aws_is_reached_without_nat" {
  command = apply

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && length(aws_vpc_endpoint.s3.route_table_ids) == 3
    error_message = "S3 has no gateway endpoint in every private route table."
  }

  assert {
    condition     = alltrue([for each in values(aws_vpc_endpoint.interface) : each.private_dns_enabled && length(each.subnet_ids) == 3])
    error_message = "An interface endpoint is not in every zone under its usual name."
  }
}

run "flow_logs_are_kept_and_encrypted" {
  command = apply

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id == module.flow_log_key.arn
    error_message = "The flow logs are not complete, or not encrypted with a key that rotates."
  }

  assert {
    condition     = alltrue([for resource in jsondecode(aws_iam_role_policy.flow_logs.policy).Statement[0].Resource : startswith(resource, "arn:aws:logs:eu-west-1:111122223333:log-group:/etl/staging/flow")])
    error_message = "The role of the flow logs may write elsewhere."
  }
}

run "nat_per_zone" {
  command = apply

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && alltrue([for zone in var.availability_zones : aws_route.nat[zone].nat_gateway_id == aws_nat_gateway.this[zone].id])
    error_message = "A zone leaves through the gateway of another."
  }
}

run "a_single_nat" {
  command = apply

  variables {
    nat_gateways = "single"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_eip.nat) == 1 && length(aws_route.nat) == 3
    error_message = "Three zones do not share one gateway."
  }
}

run "no_nat" {
  command = apply

  variables {
    nat_gateways = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0 && length(output.nat_addresses) == 0
    error_message = "There is a way out."
  }
}

run "a_small_vpc_is_refused" {
  command = plan

  variables {
    vpc_cidr_block = "10.20.0.0/24"
  }

  expect_failures = [var.vpc_cidr_block]
}

run "two_zones_are_refused" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b"]
  }

  expect_failures = [var.availability_zones]
}

run "a_zone_of_another_region_is_refused" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b", "us-east-1c"]
  }

  expect_failures = [var.availability_zones]
}
