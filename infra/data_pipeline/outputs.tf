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

output "source_bucket" {
  description = "Value of ETL_SOURCE_BUCKET."
  value       = var.create_source_bucket ? module.bucket["source"].bucket : var.source_bucket
}

output "destination_bucket" {
  description = "Value of ETL_DESTINATION_BUCKET."
  value       = var.create_destination_bucket ? module.bucket["destination"].bucket : var.destination_bucket
}

output "data_key_arn" {
  description = "Key of the buckets made here; readers of the copies need kms:Decrypt on it."
  value       = module.data_key.arn
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

output "dashboard" {
  description = "Name of the CloudWatch dashboard."
  value       = module.monitoring.dashboard
}
