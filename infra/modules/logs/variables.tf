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

variable "log_days" {
  description = "Days that lines are kept, a number that CloudWatch Logs knows."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "Keep them for 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}
