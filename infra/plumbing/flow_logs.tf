# Who talked to whom in the VPC, encrypted.
data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  account        = data.aws_caller_identity.this.account_id
  partition      = data.aws_partition.this.partition
  flow_log_name  = "/etl/${var.environment}/flow"
  flow_log_group = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:${local.flow_log_name}"
}

module "flow_log_key" {
  source = "../modules/kms"

  description   = "Encrypts the flow logs (${var.environment})"
  log_group_arn = local.flow_log_group
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = local.flow_log_name
  retention_in_days = var.flow_log_days
  kms_key_id        = module.flow_log_key.arn
}

resource "aws_iam_role" "flow_logs" {
  name = "${local.name}-flow-logs"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "flow_logs" {
  name = "write"
  role = aws_iam_role.flow_logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = [local.flow_log_group, "${local.flow_log_group}:*"]
    }]
  })
}

resource "aws_flow_log" "this" {
  vpc_id               = aws_vpc.this.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow.arn
  iam_role_arn         = aws_iam_role.flow_logs.arn

  tags = { Name = local.name }
}
