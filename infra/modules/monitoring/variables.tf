# Inputs of the module.
variable "environment" {
  description = "Name of the environment, for example staging."
  type        = string
}

variable "package" {
  description = "Name of the package, for example data_pipeline."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.package))
    error_message = "Use the import name of the package: lower-case words joined by _."
  }
}

variable "log_group" {
  description = "Name of the log group that the jobs write to."
  type        = string
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
