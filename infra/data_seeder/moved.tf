# Addresses that resources had before the modules, so that an applied stack keeps them.
#
# This file can go when every environment has been applied with it once.
moved {
  from = aws_security_group.job
  to   = module.network.aws_security_group.job
}
moved {
  from = aws_vpc_security_group_egress_rule.s3
  to   = module.network.aws_vpc_security_group_egress_rule.s3
}
moved {
  from = aws_vpc_security_group_egress_rule.endpoints
  to   = module.network.aws_vpc_security_group_egress_rule.endpoints
}
moved {
  from = aws_vpc_security_group_egress_rule.database
  to   = module.network.aws_vpc_security_group_egress_rule.database
}
moved {
  from = aws_vpc_security_group_egress_rule.dns
  to   = module.network.aws_vpc_security_group_egress_rule.dns
}
moved {
  from = aws_ecr_repository.image
  to   = module.registry.aws_ecr_repository.image
}
moved {
  from = aws_ecr_lifecycle_policy.image
  to   = module.registry.aws_ecr_lifecycle_policy.image
}
moved {
  from = aws_kms_key.this["registry"]
  to   = module.registry.module.key.aws_kms_key.this
}
moved {
  from = aws_kms_alias.this["registry"]
  to   = module.registry.module.key.aws_kms_alias.this[0]
}
moved {
  from = aws_kms_key.this["logs"]
  to   = module.logs.module.key.aws_kms_key.this
}
moved {
  from = aws_kms_alias.this["logs"]
  to   = module.logs.module.key.aws_kms_alias.this[0]
}
moved {
  from = aws_cloudwatch_log_group.jobs
  to   = module.logs.aws_cloudwatch_log_group.jobs
}
moved {
  from = aws_iam_role.job
  to   = module.role.aws_iam_role.job
}
moved {
  from = aws_iam_role_policy.job
  to   = module.role.aws_iam_role_policy.job
}
