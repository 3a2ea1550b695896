# A private bucket: encrypted, versioned, only over TLS, and with nothing current that expires unasked.
data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  arn = "arn:${data.aws_partition.this.partition}:s3:::${var.bucket}"
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:a copy in another region is a choice of the whole account, made where its backups are
  #checkov:skip=CKV2_AWS_62:jobs list what is there; nothing waits for events
  bucket = var.bucket
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# Versions let a conditional write be brought back, and a ledger part be restored.
resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  count = var.access_log_bucket == null ? 0 : 1

  bucket        = aws_s3_bucket.this.id
  target_bucket = var.access_log_bucket
  target_prefix = "${var.bucket}/"
}

locals {
  tls_statements = [
    {
      Sid       = "OnlyOverTls"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [local.arn, "${local.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    },
    {
      Sid       = "OnlyOverTls12OrNewer"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [local.arn, "${local.arn}/*"]
      Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
    },
  ]

  delivery_statement = {
    Sid       = "AccessLogsOfTheBucketsMadeHere"
    Effect    = "Allow"
    Principal = { Service = "logging.s3.amazonaws.com" }
    Action    = "s3:PutObject"
    Resource  = "${local.arn}/*"
    Condition = {
      ArnLike      = { "aws:SourceArn" = var.access_log_sources }
      StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.tls_statements, [for statement in [local.delivery_statement] : statement if length(var.access_log_sources) > 0])
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# A lifecycle rule counts the days of an object and cannot know that it is the newest index
# of a scope whose last run was a year ago, or the ledger of an open quarantine. So nothing
# current expires or moves to an archive unless expire_days asks for it: `prune` removes old
# runs, and the rules only remove what nothing can name any more.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  # A copy in parts is done in hours; what is left after a week belongs to nobody.
  rule {
    id     = "abort-forgotten-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "remove-replaced-objects"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  dynamic "rule" {
    for_each = { for name, sooner in var.replaced_sooner : name => sooner if sooner.noncurrent_days < var.noncurrent_days }

    content {
      id     = "remove-replaced-${rule.key}"
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      noncurrent_version_expiration {
        noncurrent_days = rule.value.noncurrent_days
      }
    }
  }

  dynamic "rule" {
    for_each = var.expire_days[*]

    content {
      id     = "expire"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
