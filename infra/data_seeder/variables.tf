# Settings that differ between environments; nothing here is a secret. The modules validate most of them.
variable "region" {
  description = "AWS region of the stack."
  type        = string
}

variable "environment" {
  description = "Name of the environment, for example staging."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.environment))
    error_message = "Use 2 to 21 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "foundation_state" {
  description = "Where the stack infra/plumbing keeps its state, to read its output foundation."
  type        = object({ bucket = string, key = string, region = string })
  default     = null
}

variable "foundation" {
  description = "The network by its ids: the output foundation of infra/plumbing, or of a network of your own. Without s3_prefix_list_id S3 is reached at any address."
  type        = object({ vpc_id = string, vpc_cidr_block = string, private_subnet_ids = list(string), s3_prefix_list_id = optional(string) })
  default     = null
}

variable "database_cidr_blocks" {
  description = "Where the application database listens; the whole VPC when empty."
  type        = list(string)
  default     = []
}

variable "database_port" {
  description = "Port of the application database."
  type        = number
  default     = 5432
}

variable "buckets" {
  description = "Buckets that the jobs read, write and keep their state in."
  type        = list(string)

  validation {
    condition     = length(var.buckets) > 0 && alltrue([for bucket in var.buckets : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", bucket))])
    error_message = "Name at least one; use 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "bucket_kms_key_arns" {
  description = "Keys of these buckets; none for buckets without a key of their own."
  type        = list(string)
  default     = []
}

variable "oidc_provider_arn" {
  description = "IAM OIDC provider of the EKS cluster whose pods take the role."
  type        = string
}

variable "namespace" {
  description = "Kubernetes namespace of the jobs."
  type        = string
  default     = "etl"
}

variable "service_account" {
  description = "Kubernetes service account of the jobs."
  type        = string
  default     = "data-seeder"
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role, where an organization demands one."
  type        = string
  default     = null
}

variable "kept_images" {
  description = "How many images are kept; older ones expire."
  type        = number
  default     = 50
}

variable "log_days" {
  description = "How long logs are kept, in days that CloudWatch Logs knows."
  type        = number
  default     = 365
}
