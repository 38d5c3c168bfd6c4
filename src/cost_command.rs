//! `onair cost`: its command line.

use std::str::FromStr;

use clap::{Arg, ArgAction, ArgMatches, Command};
use media::AudioProfile;
use packager::LatencyMode;

use crate::cost::prices::{PRICES, dollars};
use crate::cost::report::Question;
use crate::cost::{Audience, PUTS_PER_SEGMENT, Prices};

/// The subcommand, as clap knows it.
pub fn command() -> Command {
    Command::new("cost")
        .about("Tell what an audience costs behind a CDN, and what passes through the wires; docs/COST.md")
        .arg(number("listeners", "HLS listeners at a time").required(true))
        .arg(number("hours", "How long the broadcast lasts").default_value("1"))
        .arg(
            Arg::new("mode")
                .long("mode")
                .value_name("MODE")
                .default_value("all")
                .value_parser(modes)
                .help("ultra, low, standard, or all"),
        )
        .arg(
            Arg::new("profile")
                .long("profile")
                .value_name("PROFILE")
                .default_value("standard")
                .value_parser(|text: &str| AudioProfile::from_str(text).map_err(|error| error.to_string()))
                .help("voice, standard or music"),
        )
        .arg(number("joins", "How often each of them begins to listen").default_value("1"))
        .arg(
            number("puts-per-segment", "PUTs for a segment: itself, and playlists that name it")
                .default_value(PUTS_PER_SEGMENT.to_string()),
        )
        .arg(number("kept-months", "How long what was recorded is kept").default_value("1"))
        .arg(
            Arg::new("unguarded")
                .long("unguarded")
                .action(ArgAction::SetTrue)
                .help("Without the edge's function and web ACL"),
        )
        .args(PRICES.iter().map(|price| {
            Arg::new(price.flag)
                .long(price.flag)
                .value_name("DOLLARS")
                .default_value(price.default)
                .value_parser(dollars)
                .help_heading("Prices")
                .help(price.help)
        }))
}

/// What was asked on a command line that [`command`] took.
pub fn question(matches: &ArgMatches) -> Question {
    let number = |name: &str| *matches.get_one::<f64>(name).expect("it is required, or has a default");
    let mut prices = Prices::default();
    for price in &PRICES {
        price.set(&mut prices, number(price.flag));
    }
    Question {
        audience: Audience {
            listeners: number("listeners"),
            hours: number("hours"),
            joins: number("joins"),
            puts_per_segment: number("puts-per-segment"),
            kept_months: number("kept-months"),
            guarded: !matches.get_flag("unguarded"),
        },
        modes: matches.get_one::<Vec<LatencyMode>>("mode").expect("it has a default").clone(),
        profile: *matches.get_one("profile").expect("it has a default"),
        prices,
    }
}

fn number(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("NUMBER")
        .value_parser(above_zero)
        .allow_hyphen_values(true)
        .help(help)
}

fn above_zero(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= 1e9);
    number.ok_or_else(|| "use a number above 0, a billion at most".to_owned())
}

fn modes(text: &str) -> Result<Vec<LatencyMode>, String> {
    if text == "all" {
        return Ok(LatencyMode::ALL.to_vec());
    }
    text.parse().map(|mode| vec![mode]).map_err(|_| "use ultra, low, standard or all".to_owned())
}
