terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region
}

# Certificates and web ACLs of CloudFront live in this region, wherever the rest is.
provider "aws" {
  alias  = "global"
  region = "us-east-1"
}
