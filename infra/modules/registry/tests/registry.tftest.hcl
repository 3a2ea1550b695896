# Properties of every registry; nothing is created.
mock_provider "aws" {
  source = "../../local/mocks"
}

variables {
  environment = "staging"
  package     = "letter_sender"
}

run "images_cannot_be_replaced_and_are_scanned" {
  command = apply

  assert {
    condition     = aws_ecr_repository.image.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.image.image_scanning_configuration[0].scan_on_push
    error_message = "Images can be replaced, or are not scanned."
  }

  assert {
    condition     = aws_ecr_repository.image.encryption_configuration[0].encryption_type == "KMS" && aws_ecr_repository.image.encryption_configuration[0].kms_key == module.key.arn
    error_message = "Images are not encrypted with the key of the registry."
  }

  assert {
    condition     = aws_ecr_repository.image.name == "staging/etl-letter-sender"
    error_message = "The repository is not named after the image."
  }

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.image.policy).rules[0].selection.countNumber == 50
    error_message = "Old images do not expire."
  }
}

run "a_single_image_is_refused" {
  command = plan

  variables {
    kept_images = 1
  }

  expect_failures = [var.kept_images]
}

run "the_name_of_a_distribution_is_refused" {
  command = plan

  variables {
    package = "letter-sender"
  }

  expect_failures = [var.package]
}
