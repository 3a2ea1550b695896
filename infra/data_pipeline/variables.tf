# What differs between environments; nothing here is a secret.
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

# The network: either the state of the foundation stack, or its ids.
variable "foundation_state" {
  description = "Where the stack infra/plumbing keeps its state, to read its output foundation."
  type = object({
    bucket = string
    key    = string
    region = string
  })
  default = null

  validation {
    condition     = (var.foundation_state == null) != (var.foundation == null)
    error_message = "Set either foundation_state or foundation."
  }
}

variable "foundation" {
  description = "The network by its ids: the output foundation of infra/plumbing, or of a network of your own. Without s3_prefix_list_id S3 is reached at any address."
  type = object({
    vpc_id             = string
    vpc_cidr_block     = string
    private_subnet_ids = list(string)
    s3_prefix_list_id  = optional(string)
  })
  default = null

  validation {
    condition     = var.foundation == null || try(length(var.foundation.private_subnet_ids) > 0, false)
    error_message = "Name at least one private subnet."
  }
}

variable "database_cidr_blocks" {
  description = "Where the application database listens; the whole VPC when empty."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for block in var.database_cidr_blocks : can(cidrhost(block, 0)) && block != "0.0.0.0/0"])
    error_message = "Use IPv4 blocks, and not the whole internet."
  }
}

variable "database_port" {
  description = "Port of the application database."
  type        = number
  default     = 5432

  validation {
    condition     = var.database_port >= 1 && var.database_port <= 65535
    error_message = "A port is from 1 to 65535."
  }
}

# The buckets.
variable "source_bucket" {
  description = "Bucket that holds the attachments."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.source_bucket))
    error_message = "Use 3 to 63 lower-case letters, digits and hyphens; dots break TLS."
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

  validation {
    condition     = var.source_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.source_kms_key_arn))
    error_message = "Give the ARN of a key, not of an alias: aliases mean nothing in an IAM policy."
  }
}

variable "destination_bucket" {
  description = "Bucket that the copies and the state of the runs go to."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.destination_bucket))
    error_message = "Use 3 to 63 lower-case letters, digits and hyphens; dots break TLS."
  }
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

  validation {
    condition     = var.destination_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.destination_kms_key_arn))
    error_message = "Give the ARN of a key, not of an alias: aliases mean nothing in an IAM policy."
  }
}

variable "access_log_bucket" {
  description = "Bucket for the access logs of the buckets made here."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.access_log_bucket))
    error_message = "Use 3 to 63 lower-case letters, digits and hyphens; dots break TLS."
  }

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

  validation {
    condition     = var.noncurrent_days >= 1 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "Use a whole number of days, at least 1."
  }
}

variable "state_noncurrent_days" {
  description = "The same for the state of the runs, whose lease leaves a version every five seconds."
  type        = number
  default     = 14

  validation {
    condition     = var.state_noncurrent_days >= 1 && floor(var.state_noncurrent_days) == var.state_noncurrent_days
    error_message = "Use a whole number of days, at least 1."
  }
}

variable "access_log_days" {
  description = "How long access logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = var.access_log_days >= 1 && floor(var.access_log_days) == var.access_log_days
    error_message = "Use a whole number of days, at least 1."
  }
}

# Who may take the role of the jobs.
variable "oidc_provider_arn" {
  description = "IAM OIDC provider of the EKS cluster whose pods take the role."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/.+", var.oidc_provider_arn))
    error_message = "Use an ARN as in arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC."
  }
}

variable "namespace" {
  description = "Kubernetes namespace of the jobs."
  type        = string
  default     = "etl"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "Name one namespace; a pattern would let strangers in."
  }
}

variable "service_account" {
  description = "Kubernetes service account of the jobs."
  type        = string
  default     = "data-pipeline"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.service_account))
    error_message = "Name one service account; a pattern would let strangers in."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role, where an organization demands one."
  type        = string
  default     = null
}

# The image.
variable "kept_images" {
  description = "How many images are kept; older ones expire."
  type        = number
  default     = 50

  validation {
    condition     = var.kept_images >= 2
    error_message = "Keep at least 2, to be able to go back."
  }
}

# What is watched.
variable "log_days" {
  description = "How long logs are kept, in days that CloudWatch Logs knows."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "Keep them for 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "log_record" {
  description = "Where the fields of a line stand in the log event: $ when a line is the event, $.log_processed behind Fluent Bit's Merge_Log."
  type        = string
  default     = "$"

  validation {
    condition     = can(regex("^[$]([.][A-Za-z0-9_-]+)*$", var.log_record))
    error_message = "Use a JSON path of names, as in $ or $.log_processed."
  }
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

  validation {
    condition     = var.closed_run_every_hours == null || try(contains([1, 2, 3, 4, 6, 8, 12, 24], var.closed_run_every_hours), false)
    error_message = "Use 1, 2, 3, 4, 6, 8, 12 or 24 hours."
  }
}
