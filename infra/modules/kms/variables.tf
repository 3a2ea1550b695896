# Inputs of the module.
variable "description" {
  description = "Content that the key encrypts, as the console shows it."
  type        = string
}

variable "alias" {
  description = "Alias of the key, without alias/; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.alias == null || can(regex("^[a-zA-Z0-9][a-zA-Z0-9/_-]*$", var.alias)) && !can(regex("^(alias|aws)/", var.alias))
    error_message = "Use letters, digits, /, _ and -, without alias/ in front."
  }
}

variable "log_group_arn" {
  description = "Log group that CloudWatch Logs may encrypt with the key; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.log_group_arn == null || can(regex("^arn:[a-z-]+:logs:[a-z0-9-]+:[0-9]{12}:log-group:[^*:]+$", var.log_group_arn))
    error_message = "Use the ARN of one log group, without :* at its end."
  }
}
