# Inputs of the module.
variable "bucket" {
  description = "Name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "Use 3 to 63 lower-case letters, digits and hyphens; dots break TLS."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects; null for SSE-S3, the only encryption that S3 delivers access logs to."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || length(var.access_log_sources) == 0
    error_message = "S3 delivers access logs to buckets with SSE-S3 only."
  }
}

variable "access_log_bucket" {
  description = "Bucket that receives the access logs of this one; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket != var.bucket
    error_message = "A bucket cannot log into itself: name another one."
  }
}

variable "access_log_sources" {
  description = "ARNs of the buckets whose access logs are delivered to this one."
  type        = list(string)
  default     = []
}

variable "noncurrent_days" {
  description = "Days that a replaced or deleted object can be brought back."
  type        = number

  validation {
    condition     = var.noncurrent_days >= 1 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "Use a whole number of days, at least 1."
  }
}

variable "replaced_sooner" {
  description = "Prefixes whose replaced objects go sooner, by the name of their rule."
  type = map(object({
    prefix          = string
    noncurrent_days = number
  }))
  default = {}

  validation {
    condition     = alltrue([for sooner in values(var.replaced_sooner) : sooner.noncurrent_days >= 1 && floor(sooner.noncurrent_days) == sooner.noncurrent_days])
    error_message = "Use a whole number of days, at least 1."
  }
}

variable "expire_days" {
  description = "Days after which current objects are removed; null for never."
  type        = number
  default     = null

  validation {
    condition     = var.expire_days == null || try(var.expire_days >= 1 && floor(var.expire_days) == var.expire_days, false)
    error_message = "Use a whole number of days, at least 1."
  }
}
