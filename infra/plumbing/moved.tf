# Addresses that resources had before the modules, so that an applied stack keeps them.
#
# This file can go when every environment has been applied with it once.
moved {
  from = aws_kms_key.flow_logs
  to   = module.flow_log_key.aws_kms_key.this
}
