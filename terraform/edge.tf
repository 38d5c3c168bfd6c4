# What the edge does with a request before its cache: deploy/edge/playback.js and its CloudFront half as one text.

locals {
  playback       = replace(file("${path.module}/../deploy/edge/playback.js"), "/export default [^\\n]*\\n/", "")
  viewer_request = file("${path.module}/functions/viewer-request.js")
  live_is_signed = var.live_access == "signed"
}

resource "aws_cloudfront_key_value_store" "edge" {
  name    = "${var.name}-edge"
  comment = "The key that playback tokens are checked with"
}

resource "aws_cloudfrontkeyvaluestore_key" "edge" {
  key_value_store_arn = aws_cloudfront_key_value_store.edge.arn
  key                 = "edge-key"
  value               = var.edge_key
}

resource "aws_cloudfront_function" "viewer_request" {
  name    = "${var.name}-viewer-request"
  runtime = "cloudfront-js-2.0"
  comment = "One spelling a resource (C03); signed addresses checked and taken off"
  publish = true

  key_value_store_associations = [aws_cloudfront_key_value_store.edge.arn]

  code = replace(
    "${local.viewer_request}\n${local.playback}",
    "const LIVE_IS_SIGNED = false;",
    "const LIVE_IS_SIGNED = ${local.live_is_signed};",
  )
}

resource "aws_cloudfront_public_key" "station" {
  name        = "${var.name}-station"
  comment     = "The public half of ONAIR_CLOUDFRONT_PRIVATE_KEY"
  encoded_key = var.public_key_pem

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "station" {
  name  = "${var.name}-station"
  items = [aws_cloudfront_public_key.station.id]
}
