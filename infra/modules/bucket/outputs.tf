# Outputs of the module.
output "bucket" {
  description = "Name of the bucket, when its policy is in force."
  value       = var.bucket

  # S3 refuses to log into a bucket that its log delivery may not write to yet.
  depends_on = [aws_s3_bucket_policy.this]
}

output "kms_key_arn" {
  description = "Key that encrypts the objects; null with SSE-S3."
  value       = var.kms_key_arn
}

output "policy" {
  description = "The policy of the bucket, as JSON."
  value       = aws_s3_bucket_policy.this.policy
}

output "lifecycle_rules" {
  description = "The lifecycle rules in force."
  value       = aws_s3_bucket_lifecycle_configuration.this.rule
}
