# Outputs of the module.
output "repository_url" {
  description = "URL that the image is pushed to and pulled from."
  value       = aws_ecr_repository.image.repository_url
}
