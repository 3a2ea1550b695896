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

variable "source_bucket" {
  description = "Bucket that holds the attachments."
  type        = string

  validation {
    condition     = alltrue([for bucket in [var.source_bucket, var.destination_bucket] : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", bucket))])
    error_message = "Use 3 to 63 lower-case letters, digits and hyphens for the names of source and destination; dots break TLS."
  }
}

variable "create_source_bucket" {
  description = "Make the source bucket here; usually it belongs to the application that fills it."
  type        = bool
  default     = false

  validation {
    condition     = !(var.create_source_bucket && var.create_destination_bucket && var.source_bucket == var.destination_bucket)
    error_message = "One bucket for both is made once: as the destination."
  }
}

variable "source_kms_key_arn" {
  description = "Key of an existing source bucket; null when it has none of its own."
  type        = string
  default     = null
}

variable "destination_bucket" {
  description = "Bucket that the copies and the state of the runs go to."
  type        = string
}

variable "create_destination_bucket" {
  description = "Make the destination bucket here; false takes an existing one as it is."
  type        = bool
  default     = true
}

variable "destination_kms_key_arn" {
  description = "Key of an existing destination bucket; null when it has none of its own."
  type        = string
  default     = null
}

variable "access_log_bucket" {
  description = "Bucket for the access logs of the buckets made here."
  type        = string

  validation {
    condition     = !contains([var.source_bucket, var.destination_bucket], var.access_log_bucket)
    error_message = "A bucket cannot log into itself: name another one."
  }
}

variable "create_access_log_bucket" {
  description = "Make the bucket of the access logs here; false takes an existing one as it is."
  type        = bool
  default     = true
}

variable "noncurrent_days" {
  description = "How long a replaced or deleted object can be brought back."
  type        = number
  default     = 90
}

variable "state_noncurrent_days" {
  description = "The same for the state of the runs, whose lease leaves a version every five seconds."
  type        = number
  default     = 14
}

variable "access_log_days" {
  description = "How long access logs are kept."
  type        = number
  default     = 365
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
  default     = "data-pipeline"
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

variable "log_record" {
  description = "Where the fields of a line stand in the log event: $ when a line is the event, $.log_processed behind Fluent Bit's Merge_Log."
  type        = string
  default     = "$"
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told of alarms."
  type        = list(string)
  default     = []
}

variable "closed_run_every_hours" {
  description = "Alarm when no run closed for this many hours, which also finds jobs that never start; null for none."
  type        = number
  default     = null
}
