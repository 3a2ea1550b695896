# Outputs of the module.
output "log_group" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.jobs.name
}

output "key_arn" {
  description = "Key of the log group; readers of the lines need kms:Decrypt on it."
  value       = module.key.arn
}
