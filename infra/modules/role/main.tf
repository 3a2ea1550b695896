# The role of the jobs of one package: one service account takes it, for the statements it is given.
data "aws_region" "this" {}

locals {
  issuer = split(":oidc-provider/", var.oidc_provider_arn)[1]
}

resource "aws_iam_role" "job" {
  name                 = "${var.environment}-${replace(var.package, "_", "-")}"
  description          = "Jobs of ${var.package} as ${var.namespace}/${var.service_account}"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  name = "requests"
  role = aws_iam_role.job.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in var.statements : merge(
      {
        Sid      = statement.sid
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      },
      { for service in statement.via[*] : "Condition" => { StringEquals = { "kms:ViaService" = "${service}.${data.aws_region.this.id}.amazonaws.com" } } },
    )]
  })
}
