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

# The buckets; they belong to others.
variable "buckets" {
  description = "Buckets that the jobs read, write and keep their state in."
  type        = list(string)

  validation {
    condition     = length(var.buckets) > 0 && alltrue([for bucket in var.buckets : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", bucket))])
    error_message = "Name at least one; use 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "bucket_kms_key_arns" {
  description = "Keys of these buckets; none for buckets without a key of their own."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.bucket_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", arn))])
    error_message = "Give the ARN of a key, not of an alias: aliases mean nothing in an IAM policy."
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
  default     = "data-seeder"

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

# The image and the logs.
variable "kept_images" {
  description = "How many images are kept; older ones expire."
  type        = number
  default     = 50

  validation {
    condition     = var.kept_images >= 2
    error_message = "Keep at least 2, to be able to go back."
  }
}

variable "log_days" {
  description = "How long logs are kept, in days that CloudWatch Logs knows."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "Keep them for 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}
