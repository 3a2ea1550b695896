# Outputs of the module.
output "private_subnet_ids" {
  description = "Subnets of the jobs, checked to be private."
  value       = data.aws_subnet.private[*].id
}

output "security_group_id" {
  description = "Security group of the jobs; further ways out are rules on it."
  value       = aws_security_group.job.id
}
