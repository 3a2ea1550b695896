# Outputs of the module.
output "log_group" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.jobs.name
}
