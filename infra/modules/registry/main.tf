# The registry of one image: tags never change, every push is scanned, old images expire.
locals {
  program = replace(var.package, "_", "-")
}

module "key" {
  source = "../kms"

  description = "Encrypts the images of ${var.package} (${var.environment})"
  alias       = "${var.environment}-${local.program}-registry"
}

resource "aws_ecr_repository" "image" {
  name                 = "${var.environment}/etl-${local.program}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = module.key.arn
  }
}

resource "aws_ecr_lifecycle_policy" "image" {
  repository = aws_ecr_repository.image.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the newest images."
      selection = {
        tagStatus   = "any"
        countType   = "imageCountMoreThan"
        countNumber = var.kept_images
      }
      action = { type = "expire" }
    }]
  })
}
