# Versions, backend and provider of the stack.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.80, < 7.0" }
  }

  # Settings of the backend come from `manage.sh init -backend-config=FILE`.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { module = "plumbing", environment = var.environment, managed_by = "terraform" }
  }
}
