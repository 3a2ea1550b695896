# The buckets that are made here; existing ones are left as they are.
locals {
  buckets = merge(
    var.create_source_bucket ? { source = var.source_bucket } : {},
    var.create_destination_bucket ? { destination = var.destination_bucket } : {},
    var.create_access_log_bucket ? { access_logs = var.access_log_bucket } : {},
  )
  data_buckets = { for place, name in local.buckets : place => name if place != "access_logs" }

  bucket_arns = {
    source      = "arn:${local.partition}:s3:::${var.source_bucket}"
    destination = "arn:${local.partition}:s3:::${var.destination_bucket}"
    access_logs = "arn:${local.partition}:s3:::${var.access_log_bucket}"
  }
  state_prefix = "_etl/"
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:a copy in another region is a choice of the whole account, made where its backups are
  #checkov:skip=CKV2_AWS_62:jobs list what is there; nothing waits for events
  for_each = local.buckets

  bucket = each.value
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# Also what lets a conditional write be brought back, and a ledger part be restored.
resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

# S3 delivers access logs to buckets with SSE-S3 only.
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = each.key != "access_logs"

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.key == "access_logs" ? "AES256" : "aws:kms"
      kms_master_key_id = each.key == "access_logs" ? null : aws_kms_key.this["data"].arn
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  for_each = local.data_buckets

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = var.create_access_log_bucket ? aws_s3_bucket.this["access_logs"].id : var.access_log_bucket
  target_prefix = "${each.value}/"

  # S3 refuses a bucket that its log delivery may not write to yet.
  depends_on = [aws_s3_bucket_policy.this]
}

locals {
  tls_statements = {
    for place, arn in local.bucket_arns : place => [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [arn, "${arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "OnlyOverTls12OrNewer"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [arn, "${arn}/*"]
        Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
      },
    ]
  }

  delivery_statement = {
    Sid       = "AccessLogsOfTheBucketsMadeHere"
    Effect    = "Allow"
    Principal = { Service = "logging.s3.amazonaws.com" }
    Action    = "s3:PutObject"
    Resource  = "${local.bucket_arns.access_logs}/*"
    Condition = {
      ArnLike      = { "aws:SourceArn" = [local.bucket_arns.source, local.bucket_arns.destination] }
      StringEquals = { "aws:SourceAccount" = local.account }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.tls_statements[each.key], [for statement in [local.delivery_statement] : statement if each.key == "access_logs"])
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# A lifecycle rule counts the days of an object and cannot know that it is the newest index
# of a scope whose last run was a year ago, or the ledger of an open quarantine. So nothing
# current ever expires or moves to an archive: `data-pipeline prune` removes old runs, and the
# rules only remove what nothing can name any more.
resource "aws_s3_bucket_lifecycle_configuration" "data" {
  for_each = local.data_buckets

  bucket = aws_s3_bucket.this[each.key].id

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

  # The lease is written anew every five seconds of a run.
  dynamic "rule" {
    for_each = each.key == "destination" && var.state_noncurrent_days < var.noncurrent_days ? [local.state_prefix] : []

    content {
      id     = "remove-replaced-state"
      status = "Enabled"

      filter {
        prefix = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = var.state_noncurrent_days
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "access_logs" {
  count = var.create_access_log_bucket ? 1 : 0

  bucket = aws_s3_bucket.this["access_logs"].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.access_log_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
