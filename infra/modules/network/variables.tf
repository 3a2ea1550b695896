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

variable "foundation_state" {
  description = "Location of the state of infra/plumbing, whose output foundation is read."
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
  description = "The network by its ids, as infra/plumbing outputs it; without s3_prefix_list_id S3 is reached at any address."
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
  description = "Addresses of the application database; the whole VPC when empty."
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
