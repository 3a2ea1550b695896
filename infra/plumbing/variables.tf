# What differs between environments; nothing here is a secret.
variable "region" {
  description = "AWS region of the network."
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

variable "availability_zones" {
  description = "The three zones of the subnets, by name: a list read from AWS would change under a living network."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) == 3 && length(distinct(var.availability_zones)) == 3
    error_message = "Name three different availability zones."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "The zones lie in the region, as eu-west-1a does in eu-west-1."
  }
}

variable "vpc_cidr_block" {
  description = "Addresses of the VPC; a private subnet gets an eighth of them."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr_block, 0)) && can(regex("/(16|17|18|19|20)$", var.vpc_cidr_block))
    error_message = "Use an IPv4 block from /16 to /20, as in 10.20.0.0/16."
  }
}

variable "nat_gateways" {
  description = "per_zone survives the loss of a zone, single costs a third, none leaves only the endpoints."
  type        = string
  default     = "per_zone"

  validation {
    condition     = contains(["per_zone", "single", "none"], var.nat_gateways)
    error_message = "Use per_zone, single or none."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached without NAT, by the last part of their endpoint names."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "sts"]

  validation {
    condition     = !contains(var.interface_endpoints, "s3")
    error_message = "S3 has a gateway endpoint, which costs nothing; leave it out."
  }
}

variable "flow_log_days" {
  description = "How long the flow logs are kept, in days that CloudWatch Logs knows."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.flow_log_days)
    error_message = "Keep them for 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}
