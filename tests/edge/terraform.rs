//! `terraform/` is what the rules of a CDN ask for. That it is HCL, that every name in it is declared, and that the
//! figures are there, is all that can be seen without the cloud.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hcl::{Block, Body, Expression};

/// Longest that the station holds a request, seconds: three target durations.
const HELD: u64 = 12;

/// Every file as one.
struct Plan {
    text: String,
    body: Body,
}

impl Plan {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("terraform");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "tf"));
        files.sort();
        let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let body = hcl::parse(&text).unwrap();
        Self { text, body }
    }

    /// The one resource of a kind and a name.
    fn resource(&self, kind: &str, name: &str) -> &Block {
        let labelled = |block: &&Block| {
            let labels: Vec<_> = block.labels().iter().map(hcl::BlockLabel::as_str).collect();
            block.identifier() == "resource" && labels == [kind, name]
        };
        let mut found = self.body.blocks().filter(labelled);
        let resource = found.next().unwrap_or_else(|| panic!("no {kind}.{name}"));
        assert!(found.next().is_none(), "two of {kind}.{name}");
        resource
    }

    fn distribution(&self) -> &Block {
        self.resource("aws_cloudfront_distribution", "media")
    }

    /// A local value, as it is written.
    fn local(&self, name: &str) -> String {
        let mut locals = self.body.blocks().filter(|block| block.identifier() == "locals");
        let expression = locals.find_map(|block| block.body().attributes().find(|local| local.key() == name));
        text(expression.unwrap_or_else(|| panic!("no local {name}")).expr())
    }
}

/// The blocks at `path` below a block.
fn within<'a>(block: &'a Block, path: &[&str]) -> Vec<&'a Block> {
    path.iter().fold(vec![block], |blocks, name| {
        let inner = blocks.into_iter().flat_map(|block| block.body().blocks());
        inner.filter(|block| block.identifier() == *name).collect()
    })
}

fn value(block: &Block, name: &str) -> String {
    let attribute = block.body().attributes().find(|attribute| attribute.key() == name);
    text(attribute.unwrap_or_else(|| panic!("no {name} in {}", block.identifier())).expr())
}

fn number(block: &Block, name: &str) -> u64 {
    value(block, name).parse().unwrap()
}

fn text(expression: &Expression) -> String {
    hcl::format::to_string(expression).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words in quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

/// One value below a block.
fn at(block: &Block, path: &[&str], name: &str) -> String {
    let blocks = within(block, path);
    assert_eq!(blocks.len(), 1, "{path:?}");
    value(blocks[0], name)
}

const IN_KEY: &str = "parameters_in_cache_key_and_forwarded_to_origin";

#[test]
fn c01_playlists_are_kept_by_their_directives_and_nothing_else() {
    let plan = Plan::read();
    let policy = plan.resource("aws_cloudfront_cache_policy", "playlists");
    let items = at(policy, &[IN_KEY, "query_strings_config", "query_strings"], "items");
    assert_eq!(quoted(&items), ["_HLS_msn", "_HLS_part", "_HLS_skip"]);
    assert_eq!(at(policy, &[IN_KEY, "query_strings_config"], "query_string_behavior"), "\"whitelist\"");
    assert_eq!(at(policy, &[IN_KEY, "cookies_config"], "cookie_behavior"), "\"none\"");
    assert_eq!(quoted(&at(policy, &[IN_KEY, "headers_config", "headers"], "items")), ["x-onair-signed"]);
    for coding in ["enable_accept_encoding_gzip", "enable_accept_encoding_brotli"] {
        assert_eq!(at(policy, &[IN_KEY], coding), "true");
    }
    // Six target durations is what the station says of a reply to a blocking reload.
    assert_eq!((number(policy, "min_ttl"), number(policy, "max_ttl")), (0, 24));
}

#[test]
fn c02_media_is_kept_by_its_name_for_as_long_as_the_station_says() {
    let plan = Plan::read();
    let policy = plan.resource("aws_cloudfront_cache_policy", "media");
    assert_eq!(at(policy, &[IN_KEY, "query_strings_config"], "query_string_behavior"), "\"none\"");
    assert_eq!(at(policy, &[IN_KEY, "cookies_config"], "cookie_behavior"), "\"none\"");
    assert_eq!((number(policy, "min_ttl"), number(policy, "default_ttl")), (0, 14 * 86_400));
    assert!(number(policy, "max_ttl") >= 31_536_000);
}

#[test]
fn c03_every_behaviour_asks_the_function_first() {
    let plan = Plan::read();
    let distribution = plan.distribution();
    let ordered = within(distribution, &["dynamic", "content", "function_association"]);
    let default = within(distribution, &["default_cache_behavior", "function_association"]);
    for association in ordered.iter().chain(&default) {
        assert_eq!(value(association, "event_type"), "\"viewer-request\"");
        assert!(value(association, "function_arn").contains("aws_cloudfront_function.viewer_request"));
    }
    assert_eq!((ordered.len(), default.len()), (1, 1));
    let function = plan.resource("aws_cloudfront_function", "viewer_request");
    assert_eq!(value(function, "runtime"), "\"cloudfront-js-2.0\"");
}

#[test]
fn c04_the_edge_waits_longer_than_the_station_holds() {
    let plan = Plan::read();
    let wait = within(plan.distribution(), &["origin", "custom_origin_config"]);
    let wait = number(wait[0], "origin_read_timeout");
    assert!(wait > HELD + 3 && wait <= 120, "{wait} s");
}

#[test]
fn c05_errors_are_not_kept() {
    let plan = Plan::read();
    let errors = plan.local("errors");
    for code in [400, 403, 404, 503] {
        assert!(errors.contains(&code.to_string()), "{code} is not in {errors}");
    }
    let responses = within(plan.distribution(), &["dynamic", "content"]);
    let kept = responses.iter().find(|content| value_of(content, "error_caching_min_ttl").is_some()).unwrap();
    assert!(number(kept, "error_caching_min_ttl") <= 1);
}

fn value_of(block: &Block, name: &str) -> Option<String> {
    block
        .body()
        .attributes()
        .find(|attribute| attribute.key() == name)
        .map(|attribute| text(attribute.expr()))
}

#[test]
fn c06_held_requests_meet_in_one_shield() {
    let plan = Plan::read();
    let shield = within(plan.distribution(), &["origin", "origin_shield"]);
    assert_eq!(value(shield[0], "enabled"), "true");
    assert!(value(shield[0], "origin_shield_region").contains("shield_region"));
}

#[test]
fn c07_the_bucket_is_asked_after_the_station_and_not_for_what_needs_a_token() {
    let plan = Plan::read();
    let members = within(plan.distribution(), &["origin_group", "member"]);
    let order: Vec<_> = members.iter().map(|member| value(member, "origin_id")).collect();
    assert_eq!(order, ["\"live\"", "\"bucket\""]);
    let failover = plan.local("failover");
    for code in [403, 404, 500, 502, 503, 504] {
        assert!(failover.contains(&code.to_string()), "{code} is not in {failover}");
    }
    // A private broadcast's objects lie below the same names as everybody's, and the bucket knows no listener.
    let behaviours = &plan.text[plan.text.find("behaviours = [").unwrap()..];
    let behaviours: Vec<_> = behaviours.lines().skip(1).take_while(|line| line.trim() != "]").collect();
    assert_eq!(behaviours.len(), 4);
    for line in behaviours {
        let open = line.contains("path = \"/live/");
        assert!(open == line.contains("bucket = var.live_access != \"origin\""), "{line}");
        assert!(open || (line.contains("path = \"/s/") && line.contains("bucket = true")), "{line}");
    }
    let variables = plan.body.blocks().filter(|block| block.identifier() == "variable");
    let access = variables.into_iter().find(|block| block.labels()[0].as_str() == "live_access").unwrap();
    assert_eq!(value(access, "default"), "\"origin\"");
}

#[test]
fn c08_the_station_and_the_bucket_take_nobody_but_the_edge() {
    let plan = Plan::read();
    let header = within(plan.distribution(), &["origin", "custom_header"]);
    assert_eq!((header.len(), value(header[0], "name")), (1, "\"x-onair-edge\"".to_owned()));
    assert!(plan.text.contains("com.amazonaws.global.cloudfront.origin-facing"));
    let access = plan.resource("aws_cloudfront_origin_access_control", "media");
    assert_eq!(value(access, "signing_behavior"), "\"always\"");
    let block = plan.resource("aws_s3_bucket_public_access_block", "media");
    for door in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
    {
        assert_eq!(value(block, door), "true");
    }
    assert!(plan.text.contains("AWS:SourceArn"));
}

#[test]
fn c10_one_name_by_http_3() {
    let plan = Plan::read();
    assert_eq!(value(plan.distribution(), "http_version"), "\"http2and3\"");
    let distributions = plan.body.blocks().filter(|block| {
        block.labels().first().is_some_and(|label| label.as_str() == "aws_cloudfront_distribution")
    });
    assert_eq!(distributions.count(), 1);
}

#[test]
fn a_web_acl_counts_requests_and_looks_for_bots() {
    let plan = Plan::read();
    let acl = plan.resource("aws_wafv2_web_acl", "edge");
    assert_eq!(value(acl, "scope"), "\"CLOUDFRONT\"");
    let rate = within(acl, &["rule", "statement", "rate_based_statement"]);
    assert!(value(rate[0], "limit").contains("rate_limit"));
    let groups = within(acl, &["rule", "statement", "managed_rule_group_statement"]);
    let names: Vec<_> = groups.iter().map(|group| value(group, "name")).collect();
    assert!(names.contains(&"\"AWSManagedRulesBotControlRuleSet\"".to_owned()), "{names:?}");
}

/// Words of the form `prefix.a` or `prefix.a.b`.
fn names(text: &str, prefix: &str, parts: usize) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let words = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = words.flat_map(|line| line.split(|c| !word(c)));
    let of = words
        .filter(|word| word.starts_with(prefix))
        .map(|word| word.split('.').take(parts).collect::<Vec<_>>().join("."));
    of.filter(|name| name.split('.').count() == parts).collect()
}

#[test]
fn every_name_is_declared() {
    let plan = Plan::read();
    let labels = |kind: &str| -> BTreeSet<String> {
        let blocks = plan.body.blocks().filter(|block| block.identifier() == kind);
        blocks
            .map(|block| block.labels().iter().map(hcl::BlockLabel::as_str).collect::<Vec<_>>().join("."))
            .collect()
    };
    let declared: BTreeSet<_> = labels("variable").iter().map(|name| format!("var.{name}")).collect();
    let used = names(&plan.text, "var.", 2);
    assert_eq!(declared, used, "variables that are declared, and used");
    let resources: BTreeSet<_> = labels("resource");
    let used = names(&plan.text, "aws_", 2);
    assert!(used.is_subset(&resources), "not declared: {:?}", used.difference(&resources));
    let data: BTreeSet<_> = labels("data").iter().map(|name| format!("data.{name}")).collect();
    let used = names(&plan.text, "data.", 3);
    assert!(used.is_subset(&data), "not declared: {:?}", used.difference(&data));
}

#[test]
fn outputs_are_called_as_the_settings_are() {
    let plan = Plan::read();
    let outputs: BTreeSet<_> = plan
        .body
        .blocks()
        .filter(|block| block.identifier() == "output")
        .collect::<Vec<_>>()
        .iter()
        .map(|block| block.labels()[0].as_str().to_owned())
        .collect();
    for setting in [
        "ONAIR_CDN_URL",
        "ONAIR_CLOUDFRONT_DISTRIBUTION",
        "ONAIR_CLOUDFRONT_KEY_PAIR_ID",
        "ONAIR_S3_BUCKET",
        "ONAIR_S3_REGION",
    ] {
        assert!(outputs.contains(setting), "{setting} is not in {outputs:?}");
    }
}
