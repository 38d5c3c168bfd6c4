# Named after the station's settings: `terraform output` says what to write there.

output "ONAIR_CDN_URL" {
  description = "Where listeners fetch media."
  value       = "https://${length(var.aliases) > 0 ? var.aliases[0] : aws_cloudfront_distribution.media.domain_name}"
}

output "ONAIR_CLOUDFRONT_DISTRIBUTION" {
  description = "Which distribution is told when something cached is no longer true."
  value       = aws_cloudfront_distribution.media.id
}

output "ONAIR_CLOUDFRONT_KEY_PAIR_ID" {
  description = "Under which name CloudFront knows the station's public key."
  value       = aws_cloudfront_public_key.station.id
}

output "ONAIR_S3_BUCKET" {
  description = "Where the station keeps media."
  value       = aws_s3_bucket.media.bucket
}

output "ONAIR_S3_REGION" {
  description = "Where that bucket is."
  value       = var.region
}

output "domain_name" {
  description = "What the aliases point at, by CNAME or ALIAS."
  value       = aws_cloudfront_distribution.media.domain_name
}

output "station_policy_arn" {
  description = "The policy for the role or user that the station runs as."
  value       = aws_iam_policy.station.arn
}

output "log_bucket" {
  description = "Where the edge's logs are; `onair edge-log` reads them."
  value       = aws_s3_bucket.logs.bucket
}
