output "repository_url" {
  description = "Where the image is pushed to and pulled from."
  value       = aws_ecr_repository.image.repository_url
}
