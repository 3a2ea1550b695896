# Outputs of the module.
output "arn" {
  description = "ARN of the role, for the annotation eks.amazonaws.com/role-arn of the service account."
  value       = aws_iam_role.job.arn
}

output "service_account" {
  description = "The service account that may take the role, as namespace/name."
  value       = "${var.namespace}/${var.service_account}"
}

output "policy" {
  description = "The permissions of the role, as JSON."
  value       = aws_iam_role_policy.job.policy
}
