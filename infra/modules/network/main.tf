# The foundation that the jobs of one package run on, and the addresses that they may reach.
data "terraform_remote_state" "foundation" {
  count = var.foundation_state == null ? 0 : 1

  backend = "s3"
  config  = var.foundation_state
}

locals {
  name       = "${var.environment}-${replace(var.package, "_", "-")}-job"
  foundation = var.foundation != null ? var.foundation : data.terraform_remote_state.foundation[0].outputs.foundation

  database_cidr_blocks = length(var.database_cidr_blocks) > 0 ? var.database_cidr_blocks : [local.foundation.vpc_cidr_block]
}

data "aws_vpc" "this" {
  id = local.foundation.vpc_id

  lifecycle {
    postcondition {
      condition     = !self.default
      error_message = "This is the account's default VPC; apply infra/plumbing and use its VPC."
    }
  }
}

data "aws_subnet" "private" {
  count = length(local.foundation.private_subnet_ids)

  id = local.foundation.private_subnet_ids[count.index]

  lifecycle {
    postcondition {
      condition     = !self.map_public_ip_on_launch
      error_message = "This subnet gives out public addresses; jobs run in private ones."
    }

    postcondition {
      condition     = self.vpc_id == local.foundation.vpc_id
      error_message = "This subnet lies in another VPC."
    }
  }
}

# For security groups of pods, Fargate and ECS tasks; nothing calls a job.
resource "aws_security_group" "job" {
  #checkov:skip=CKV2_AWS_5:it is attached by the pods and tasks that take it from the outputs
  name        = local.name
  description = "Jobs of ${var.package}: out to S3, the endpoints, the database and DNS"
  vpc_id      = data.aws_vpc.this.id

  tags = { Name = local.name }
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.job.id
  description       = "S3"
  prefix_list_id    = local.foundation.s3_prefix_list_id
  cidr_ipv4         = local.foundation.s3_prefix_list_id == null ? "0.0.0.0/0" : null
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id = aws_security_group.job.id
  description       = "Interface endpoints"
  cidr_ipv4         = local.foundation.vpc_cidr_block
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "database" {
  for_each = toset(local.database_cidr_blocks)

  security_group_id = aws_security_group.job.id
  description       = "Application database"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = var.database_port
  to_port           = var.database_port
}

resource "aws_vpc_security_group_egress_rule" "dns" {
  for_each = toset(["tcp", "udp"])

  security_group_id = aws_security_group.job.id
  description       = "DNS"
  cidr_ipv4         = local.foundation.vpc_cidr_block
  ip_protocol       = each.key
  from_port         = 53
  to_port           = 53
}
