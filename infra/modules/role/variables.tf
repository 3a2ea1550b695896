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

variable "statements" {
  description = "Permissions of the role. via names the only service that a key may be used through, for example s3."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
    via       = optional(string)
  }))

  validation {
    condition     = alltrue([for statement in var.statements : length(statement.actions) > 0 && length(statement.resources) > 0])
    error_message = "A statement has at least one action and one resource."
  }

  validation {
    condition     = !anytrue(flatten([for statement in var.statements : [for action in statement.actions : strcontains(action, "*")]]))
    error_message = "Name every action; a pattern grants what nobody asked for."
  }

  validation {
    condition     = alltrue(flatten([for statement in var.statements : [for resource in statement.resources : can(regex("^arn:[^*]+(/[^*]*[*])?$", resource))]]))
    error_message = "Name the resources by their ARNs; a * stands only at the end of a path."
  }

  validation {
    condition     = alltrue(flatten([for statement in var.statements : [for action in statement.actions : startswith(action, "kms:") == (statement.via != null)]]))
    error_message = "An action on a key needs via, and no other action has it."
  }

  validation {
    condition     = alltrue(flatten([for statement in var.statements : [for resource in statement.resources : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", resource))] if statement.via != null]))
    error_message = "Give the ARN of a key, not of an alias: aliases mean nothing in an IAM policy."
  }
}
