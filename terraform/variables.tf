variable "name" {
  description = "What the resources are called; lower case, digits and dashes. Buckets append the account's number."
  type        = string
  default     = "onair"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and dashes."
  }
}

variable "region" {
  description = "Where the buckets are; the one nearest to the station."
  type        = string
  default     = "eu-central-1"
}

variable "origin_domain" {
  description = "The station's own host name, with a certificate: what CloudFront asks for playlists and parts."
  type        = string
}

variable "edge_secret" {
  description = "ONAIR_EDGE_SECRET of the station: 16 to 256 printable characters without spaces."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[!-~]{16,256}$", var.edge_secret))
    error_message = "Use 16 to 256 printable characters without spaces."
  }
}

variable "edge_key" {
  description = "What `onair edge-key` prints at the station: the key that playback tokens are checked with."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{43}$", var.edge_key))
    error_message = "Use the 43 characters that `onair edge-key` prints."
  }
}

variable "shield_region" {
  description = "Where Origin Shield is: the region that is nearest to the station."
  type        = string
  default     = "eu-central-1"
}

variable "live_access" {
  description = <<-TEXT
    What lets a listener have /live/…, without a token in the path:
    `origin`: the station decides, and the bucket is not asked, since it would serve a private broadcast to anybody;
    `open`: nothing is private at this station, so the bucket is asked where the station does not answer;
    `signed`: every request needs a CloudFront signed cookie or URL of the key group, and then the bucket is asked too.
  TEXT
  type        = string
  default     = "origin"

  validation {
    condition     = contains(["origin", "open", "signed"], var.live_access)
    error_message = "Use origin, open or signed."
  }
}

variable "public_key_pem" {
  description = "The public half of ONAIR_CLOUDFRONT_PRIVATE_KEY: `openssl rsa -in key.pem -pubout`."
  type        = string
}

variable "aliases" {
  description = "Host names of the distribution; one is enough. Empty: CloudFront's own name."
  type        = list(string)
  default     = []
}

variable "certificate_arn" {
  description = "A certificate in us-east-1 for `aliases`. Null: CloudFront's own."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws:acm:us-east-1:", var.certificate_arn))
    error_message = "CloudFront takes certificates of us-east-1 alone."
  }
}

variable "price_class" {
  description = "How many edge locations serve: PriceClass_100 is Europe and North America."
  type        = string
  default     = "PriceClass_100"
}

variable "rate_limit" {
  description = "Requests in five minutes from one address, at least 100. A listener in `ultra` makes some 5,000, and a school or a mobile network is one address."
  type        = number
  default     = 200000
}

variable "log_days" {
  description = "How long the edge's logs are kept; they hold listeners' addresses."
  type        = number
  default     = 30
}

variable "origin_vpc_id" {
  description = "The station's VPC, for a security group that lets nobody but CloudFront in. Null: make none."
  type        = string
  default     = null
}
