# Values that the manifests and the next step of a deployment take from here.
output "repository_url" {
  description = "Where the image is pushed to and pulled from."
  value       = module.registry.repository_url
}

output "role_arn" {
  description = "Role of the jobs, for the annotation eks.amazonaws.com/role-arn of their service account."
  value       = module.role.arn
}

output "service_account" {
  description = "Who may take the role, as namespace/name."
  value       = module.role.service_account
}

output "log_group" {
  description = "Log group that the log agent of the cluster writes the lines of the jobs to."
  value       = module.logs.log_group
}

output "security_group_id" {
  description = "Security group of the jobs."
  value       = module.network.security_group_id
}

output "private_subnet_ids" {
  description = "Subnets of the jobs, checked to be private."
  value       = module.network.private_subnet_ids
}
