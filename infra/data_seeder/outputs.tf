# What the manifests and the next step of a deployment take from here.
output "repository_url" {
  description = "Where the image is pushed to and pulled from."
  value       = aws_ecr_repository.image.repository_url
}

output "role_arn" {
  description = "Role of the jobs, for the annotation eks.amazonaws.com/role-arn of their service account."
  value       = aws_iam_role.job.arn
}

output "service_account" {
  description = "Who may take the role, as namespace/name."
  value       = "${var.namespace}/${var.service_account}"
}

output "log_group" {
  description = "Log group that the log agent of the cluster writes the lines of the jobs to."
  value       = aws_cloudwatch_log_group.jobs.name
}

output "security_group_id" {
  description = "Security group of the jobs."
  value       = aws_security_group.job.id
}

output "private_subnet_ids" {
  description = "Subnets of the jobs, checked to be private."
  value       = data.aws_subnet.private[*].id
}
