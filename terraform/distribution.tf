# One host name for playlists and media (C10). Pages and the API stay on the station's own.

locals {
  # C05: one early 404 must not silence everybody behind the edge for ten seconds.
  errors = [400, 403, 404, 416, 500, 502, 503, 504]

  # C07: what makes the bucket be asked. 403 and 404 are the station's way to say that it no longer has it.
  failover = [403, 404, 500, 502, 503, 504]

  behaviours = [
    { path = "/s/*.m3u8", policy = aws_cloudfront_cache_policy.playlists.id, bucket = true, key_groups = [] },
    { path = "/s/*", policy = aws_cloudfront_cache_policy.media.id, bucket = true, key_groups = [] },
    { path = "/live/*.m3u8", policy = aws_cloudfront_cache_policy.playlists.id, bucket = var.live_access != "origin", key_groups = local.live_key_groups },
    { path = "/live/*", policy = aws_cloudfront_cache_policy.media.id, bucket = var.live_access != "origin", key_groups = local.live_key_groups },
  ]

  live_key_groups = local.live_is_signed ? [aws_cloudfront_key_group.station.id] : []
}

resource "aws_cloudfront_origin_access_control" "media" {
  name                              = "${var.name}-media"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "media" {
  enabled         = true
  comment         = "${var.name}: live audio"
  aliases         = var.aliases
  http_version    = "http2and3"
  is_ipv6_enabled = true
  price_class     = var.price_class
  web_acl_id      = aws_wafv2_web_acl.edge.arn

  origin {
    origin_id           = "live"
    domain_name         = var.origin_domain
    connection_attempts = 2
    connection_timeout  = 3

    # C08: what tells the station that it is this distribution that asks.
    custom_header {
      name  = "x-onair-edge"
      value = var.edge_secret
    }

    # C04: a request is held for 12 s at most, and then the station's own 503 comes.
    custom_origin_config {
      http_port                = 80
      https_port               = 443
      origin_protocol_policy   = "https-only"
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = 20
      origin_keepalive_timeout = 60
    }

    # C06: held requests of the whole world become about one.
    origin_shield {
      enabled              = true
      origin_shield_region = var.shield_region
    }
  }

  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.media.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.media.id
  }

  origin_group {
    origin_id = "live-then-bucket"

    failover_criteria {
      status_codes = local.failover
    }

    member {
      origin_id = "live"
    }

    member {
      origin_id = "bucket"
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.behaviours

    content {
      path_pattern               = ordered_cache_behavior.value.path
      target_origin_id           = ordered_cache_behavior.value.bucket ? "live-then-bucket" : "live"
      cache_policy_id            = ordered_cache_behavior.value.policy
      response_headers_policy_id = aws_cloudfront_response_headers_policy.media.id
      trusted_key_groups         = ordered_cache_behavior.value.key_groups
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD", "OPTIONS"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = false

      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.viewer_request.arn
      }
    }
  }

  # Everything else is nothing: the function answers 404 by itself.
  default_cache_behavior {
    target_origin_id           = "live"
    cache_policy_id            = aws_cloudfront_cache_policy.media.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.media.id
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.viewer_request.arn
    }
  }

  dynamic "custom_error_response" {
    for_each = local.errors

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  logging_config {
    bucket          = aws_s3_bucket.logs.bucket_domain_name
    prefix          = "edge/"
    include_cookies = false
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn            = var.certificate_arn
    cloudfront_default_certificate = var.certificate_arn == null
    minimum_protocol_version       = var.certificate_arn == null ? "TLSv1" : "TLSv1.2_2021"
    ssl_support_method             = var.certificate_arn == null ? null : "sni-only"
  }

  # Log delivery needs its grant before it is switched on.
  depends_on = [aws_s3_bucket_acl.logs]
}

# C08: the station's machine takes nobody but CloudFront on its HTTPS port. Give it to a machine that serves nothing
# else there: pages, the API and WebRTC signalling have to come by another address or port.
data "aws_ec2_managed_prefix_list" "cloudfront" {
  count = var.origin_vpc_id == null ? 0 : 1
  name  = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_security_group" "origin" {
  count       = var.origin_vpc_id == null ? 0 : 1
  name        = "${var.name}-origin"
  description = "HTTPS from CloudFront alone"
  vpc_id      = var.origin_vpc_id

  ingress {
    description     = "CloudFront asks for media"
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    prefix_list_ids = [data.aws_ec2_managed_prefix_list.cloudfront[0].id]
  }
}
