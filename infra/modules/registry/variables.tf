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

variable "kept_images" {
  description = "Number of images to keep; older ones expire."
  type        = number
  default     = 50

  validation {
    condition     = var.kept_images >= 2 && floor(var.kept_images) == var.kept_images
    error_message = "Keep at least 2, to be able to go back."
  }
}
