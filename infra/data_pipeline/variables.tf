variable "region" {
  description = "AWS region of the image registry."
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

variable "kept_images" {
  description = "How many images are kept; older ones expire."
  type        = number
  default     = 50
}
