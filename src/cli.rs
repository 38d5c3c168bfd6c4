//! The command line. Its flags are the rows of [`TABLE`]; they go before or after the subcommand.

use std::ffi::OsString;
use std::path::PathBuf;

use store::Sample;
use url::Url;

use room::Role;

use crate::cost::report::Question;
use crate::cost_command;
use crate::settings::table::{Key, Kind, Preset, Setting, TABLE};
use crate::user_command::{PasswordSource, UserCommand};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command as Clap, value_parser};

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Cli {
    /// What to do.
    pub command: Command,
    /// The configuration file to read instead of `./onair.toml`.
    pub config: Option<PathBuf>,
    /// Print what is in force, and do nothing else.
    pub print_config: bool,
    /// Settings given by flags.
    pub flags: Vec<(Key, String)>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Be on air until told to stop; what happens when nothing is asked for.
    Serve,
    /// Bring the database's schema forward or back, or tell how far it is.
    Migrate(Migration),
    /// Fill the database with sample data.
    Seed(Sample),
    /// Look whether this machine, or the playlist at `url`, is fit.
    Doctor {
        /// A multivariant playlist, `http` or `https`.
        url: Option<Url>,
    },
    /// Print the document of the API.
    Openapi,
    /// Tell what an audience costs.
    Cost(Question, Form),
    /// Tell what the logs of an edge say.
    EdgeLog(Vec<PathBuf>, Form),
    /// Print the key with which an edge checks playback tokens.
    EdgeKey,
    /// Make or mend an account.
    User(UserCommand),
}

/// What to do with the database's schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Migration {
    /// Bring it up to this program.
    Up,
    /// Take back the newest step, or all above this number.
    Down(Option<i64>),
    /// Tell which steps the database has.
    Status,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Why there is nothing to do.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version, to be printed on standard output; exit status 0.
    Told(String),
    /// One line about what is wrong with the command line; exit status 2.
    Wrong(String),
}

impl Cli {
    /// Reads the command line, the program's name included.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Stop> {
        let matches = command().try_get_matches_from(arguments).map_err(|error| stop(&error))?;
        let (command, matches) = match matches.subcommand() {
            Some(("doctor", matches)) => (Command::Doctor { url: matches.get_one("url").cloned() }, matches),
            Some(("seed", matches)) => (Command::Seed(sample(matches)), matches),
            Some(("openapi", matches)) => (Command::Openapi, matches),
            Some(("cost", matches)) => {
                (Command::Cost(cost_command::question(matches), form(matches)), matches)
            }
            Some(("edge-log", matches)) => {
                let logs = matches.get_many("logs").into_iter().flatten().cloned().collect();
                (Command::EdgeLog(logs, form(matches)), matches)
            }
            Some(("edge-key", matches)) => (Command::EdgeKey, matches),
            Some(("migrate", matches)) => migration(matches),
            Some(("user", matches)) => user(matches),
            Some((_, matches)) => (Command::Serve, matches),
            None => (Command::Serve, &matches),
        };
        Ok(Self {
            command,
            config: matches.get_one("config").cloned(),
            print_config: matches.get_flag("print-config"),
            flags: flags(matches),
        })
    }
}

fn migration(matches: &ArgMatches) -> (Command, &ArgMatches) {
    let (migration, matches) = match matches.subcommand() {
        Some(("up", matches)) => (Migration::Up, matches),
        Some(("down", matches)) => (Migration::Down(matches.get_one("number").copied()), matches),
        Some((_, matches)) => (Migration::Status, matches),
        None => (Migration::Status, matches),
    };
    (Command::Migrate(migration), matches)
}

/// What is asked of an account; the settings' flags stand with the last subcommand.
fn user(matches: &ArgMatches) -> (Command, &ArgMatches) {
    let Some((verb, matches)) = matches.subcommand() else { unreachable!("clap asks for one") };
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let email = text("email").expect("clap asks for it");
    let role = || *matches.get_one::<Role>("role").expect("clap asks for it, or has a default");
    let password = || {
        if matches.get_flag("password-stdin") { PasswordSource::Stdin } else { PasswordSource::Generated }
    };
    let command = match verb {
        "create" => UserCommand::Create {
            email,
            username: text("username"),
            name: text("name"),
            role: role(),
            password: password(),
        },
        "set-role" => UserCommand::SetRole { email, role: role() },
        _ => UserCommand::ResetPassword { email, password: password() },
    };
    (Command::User(command), matches)
}

fn sample(matches: &ArgMatches) -> Sample {
    let count = |name| *matches.get_one(name).expect("it has a default");
    Sample { users: count("users"), broadcasts: count("broadcasts"), sessions: count("sessions") }
}

fn flags(matches: &ArgMatches) -> Vec<(Key, String)> {
    let given = |row: &Setting| Some((row.key, matches.get_one::<String>(row.flag)?.clone()));
    TABLE.iter().filter_map(given).collect()
}

/// The whole command line, as clap knows it.
pub fn command() -> Clap {
    Clap::new("onair")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Live audio for everyone: RTMP in, Low-Latency HLS out")
        .after_help("Every setting is also read from onair.toml, .env and the environment, weakest first.")
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .global(true)
                .help("Read this file instead of ./onair.toml"),
        )
        .arg(
            Arg::new("print-config")
                .long("print-config")
                .action(ArgAction::SetTrue)
                .global(true)
                .help("Print the settings in force and where each came from, secrets masked, and exit"),
        )
        .args(TABLE.iter().map(argument))
        .subcommand(user_command())
        .subcommand(Clap::new("serve").about("Be on air; what happens without a subcommand"))
        .subcommand(
            Clap::new("migrate")
                .about("Bring the database's schema forward or back, or tell how far it is")
                .subcommand_required(true)
                .subcommand(Clap::new("up").about("Bring it up to this program; `serve` does so by itself"))
                .subcommand(
                    Clap::new("down")
                        .about("Take back the newest step, with everything kept in its tables")
                        .arg(
                            Arg::new("number")
                                .value_name("NUMBER")
                                .value_parser(value_parser!(i64).range(0..))
                                .help("Take back every step above this number; 0 empties the database"),
                        ),
                )
                .subcommand(Clap::new("status").about("Tell which steps the database has")),
        )
        .subcommand(
            Clap::new("seed")
                .about("Fill the database with sample data, the same every time")
                .arg(amount("users", "200", 1, "Accounts; nobody can sign in by them"))
                .arg(amount("broadcasts", "2000", 0, "Broadcasts of these accounts"))
                .arg(amount("sessions", "10000", 0, "Sessions in these broadcasts")),
        )
        .subcommand(
            Clap::new("doctor")
                .about("Look whether this machine is fit to be on air; with a URL, whether its playlist is")
                .arg(
                    Arg::new("url")
                        .value_name("URL")
                        .value_parser(web_url)
                        .help("A multivariant playlist: http://HOST/live/studio/index.m3u8"),
                ),
        )
        .subcommand(
            Clap::new("openapi").about("Print the API's OpenAPI document, as /api/openapi.json serves it"),
        )
        .subcommand(cost_command::command().arg(json()))
        .subcommand(
            Clap::new("edge-log")
                .about("Tell what the logs of a CDN or a cache say; docs/CDN.md")
                .arg(
                    Arg::new("logs")
                        .value_name("FILE")
                        .required(true)
                        .num_args(1..)
                        .value_parser(value_parser!(PathBuf))
                        .help("Logs of CloudFront, or of the nginx or Varnish of deploy/, also packed by gzip; - is standard input"),
                )
                .arg(json()),
        )
        .subcommand(
            Clap::new("edge-key")
                .about("Print the key with which an edge checks playback tokens; whoever has it can make them"),
        )
}

fn json() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).help("Answer in JSON")
}

fn form(matches: &ArgMatches) -> Form {
    if matches.get_flag("json") { Form::Json } else { Form::Table }
}

fn user_command() -> Clap {
    let email = || Arg::new("email").value_name("EMAIL").required(true).help("Whose account");
    let role =
        || Arg::new("role").value_name("ROLE").value_parser(account_role).help("admin, host or listener");
    let password = || {
        Arg::new("password-stdin")
            .long("password-stdin")
            .action(ArgAction::SetTrue)
            .help("Read the password from standard input instead of making one and printing it")
    };
    Clap::new("user")
        .about("Make or mend an account")
        .subcommand_required(true)
        .subcommand(
            Clap::new("create")
                .about("Make an account")
                .arg(email())
                .arg(role().long("role").default_value("host"))
                .arg(Arg::new("username").long("username").value_name("NAME").help("For others to find"))
                .arg(Arg::new("name").long("name").value_name("NAME").help("For others to read"))
                .arg(password()),
        )
        .subcommand(
            Clap::new("set-role")
                .about("Give an account another role; a running station knows within ten seconds")
                .arg(email())
                .arg(role().required(true)),
        )
        .subcommand(
            Clap::new("reset-password")
                .about("Give an account another password, and sign it out everywhere")
                .arg(email())
                .arg(password()),
        )
}

fn account_role(text: &str) -> Result<Role, String> {
    Role::of_account(text).map_err(|_| "use admin, host or listener".to_owned())
}

fn argument(setting: &'static Setting) -> Arg {
    let default = match setting.default {
        Preset::Is(value) => value,
        Preset::Unset(what) => what,
    };
    let argument = Arg::new(setting.flag)
        .long(setting.flag)
        .value_name(setting.kind.placeholder())
        .global(true)
        .help_heading("Settings")
        .help(format!("{} [{}] [default: {default}]", setting.help, setting.env));
    match setting.kind {
        Kind::Switch => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
        // A bad value is refused with the others; a number below zero is a value, not a flag.
        _ => argument.allow_hyphen_values(true),
    }
}

fn amount(name: &'static str, default: &'static str, least: i64, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("NUMBER")
        .default_value(default)
        .value_parser(value_parser!(u32).range(least..=SAMPLE_MOST))
        .help(help)
}

/// Of each kind of sample data; some minutes' work.
const SAMPLE_MOST: i64 = 10_000_000;

fn web_url(text: &str) -> Result<Url, String> {
    match text.parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err("use an http:// or https:// address".to_owned()),
    }
}

fn stop(error: &clap::Error) -> Stop {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Stop::Told(error.to_string());
    }
    let text = error.to_string();
    let wrong = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand]
        .into_iter()
        .find_map(|kind| error.get(kind))
        .and_then(|value| match value {
            ContextValue::String(name) => Some(name),
            // The likeliest stands last.
            ContextValue::Strings(names) => names.last(),
            _ => None,
        });
    Stop::Wrong(match meant {
        Some(name) => format!("{wrong}; did you mean {name}?"),
        None => format!("{wrong}; `onair --help` tells more"),
    })
}

#[cfg(test)]
mod tests {
    use packager::LatencyMode;

    use super::*;

    fn parse(line: &str) -> Cli {
        Cli::parse(line.split(' ').map(OsString::from)).unwrap()
    }

    fn wrong(line: &str) -> String {
        match Cli::parse(line.split(' ').map(OsString::from)) {
            Err(Stop::Wrong(line)) => line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clap_finds_no_fault_in_the_flags() {
        command().debug_assert();
    }

    #[test]
    fn serve_is_what_happens_without_a_subcommand() {
        assert_eq!(parse("onair"), parse("onair serve"));
        assert_eq!(parse("onair --http :1").flags, [(Key::HttpListen, ":1".to_owned())]);
        assert_eq!(parse("onair --http :1"), parse("onair serve --http :1"));
        assert_eq!(parse("onair --http :1 serve"), parse("onair serve --http=:1"));
        assert!(parse("onair --print-config serve").print_config);
        assert_eq!(parse("onair serve --config a.toml").config, Some("a.toml".into()));
    }

    #[test]
    fn a_bare_switch_means_true_and_takes_no_word_after_it() {
        assert_eq!(parse("onair --demo serve").flags, [(Key::Demo, "true".to_owned())]);
        assert_eq!(parse("onair --hls-enabled=false").flags, [(Key::HlsEnabled, "false".to_owned())]);
    }

    #[test]
    fn doctor_takes_the_address_of_a_playlist() {
        assert_eq!(parse("onair doctor").command, Command::Doctor { url: None });
        let url = "http://localhost/live/studio/index.m3u8";
        let asked = parse(&format!("onair --http :1 doctor {url}"));
        assert_eq!(asked.command, Command::Doctor { url: Some(url.parse().unwrap()) });
        assert_eq!(asked.flags, [(Key::HttpListen, ":1".to_owned())]);
        assert!(wrong("onair doctor localhost:80").contains("use an http:// or https:// address"));
    }

    #[test]
    fn seed_takes_amounts() {
        let usual = Sample { users: 200, broadcasts: 2000, sessions: 10_000 };
        assert_eq!(parse("onair seed").command, Command::Seed(usual));
        assert_eq!(parse("onair seed --users 3").command, Command::Seed(Sample { users: 3, ..usual }));
        assert!(wrong("onair seed --users 0").contains("--users"));
    }

    #[test]
    fn cost_takes_an_audience_and_prices() {
        let Command::Cost(question, form) =
            parse("onair cost --listeners 500 --hours 1.5 --mode low --json").command
        else {
            panic!("another command")
        };
        assert_eq!((question.audience.listeners, question.audience.hours, form), (500.0, 1.5, Form::Json));
        assert_eq!(question.modes, [LatencyMode::Low]);
        let priced = parse("onair cost --listeners 1 --price-egress-gb 0.02 --price-put-1k=0").command;
        let Command::Cost(priced, Form::Table) = priced else { panic!("another command") };
        assert_eq!((priced.prices.egress_gb, priced.prices.put_1k), (0.02, 0.0));
        assert_eq!(priced.prices.requests_10k, question.prices.requests_10k);
        assert_eq!(priced.modes, LatencyMode::ALL);
        for bad in ["", " --listeners -1", " --listeners 1 --hours 0", " --listeners 1 --price-egress-gb x"] {
            wrong(&format!("onair cost{bad}"));
        }
    }

    #[test]
    fn edge_log_takes_files() {
        let logs = |form| Command::EdgeLog(vec!["a.gz".into(), "-".into()], form);
        assert_eq!(parse("onair edge-log a.gz -").command, logs(Form::Table));
        assert_eq!(parse("onair edge-log --json a.gz -").command, logs(Form::Json));
        assert!(wrong("onair edge-log").contains("required"));
        assert_eq!(parse("onair edge-key --data-dir x").command, Command::EdgeKey);
    }

    #[test]
    fn migrate_goes_up_or_down_or_tells() {
        assert_eq!(parse("onair migrate up").command, Command::Migrate(Migration::Up));
        assert_eq!(parse("onair migrate down").command, Command::Migrate(Migration::Down(None)));
        let down = parse("onair migrate down 2 --database-url sqlite:a.db");
        assert_eq!(down.command, Command::Migrate(Migration::Down(Some(2))));
        assert_eq!(down.flags, [(Key::DatabaseUrl, "sqlite:a.db".to_owned())]);
        assert_eq!(parse("onair migrate status").command, Command::Migrate(Migration::Status));
        assert!(wrong("onair migrate").contains("requires a subcommand"));
        assert!(wrong("onair migrate down -- -1").contains("-1"));
    }

    #[test]
    fn an_account_is_named_by_its_address_and_its_password_never_typed_here() {
        let created = parse("onair user create amy@radio.example --role listener --data-dir x");
        let expected = UserCommand::Create {
            email: "amy@radio.example".to_owned(),
            username: None,
            name: None,
            role: Role::Listener,
            password: PasswordSource::Generated,
        };
        assert_eq!(created.command, Command::User(expected));
        assert_eq!(created.flags, [(Key::DataDir, "x".to_owned())]);
        let reset = parse("onair user reset-password amy@radio.example --password-stdin");
        let email = "amy@radio.example".to_owned();
        let expected = UserCommand::ResetPassword { email: email.clone(), password: PasswordSource::Stdin };
        assert_eq!(reset.command, Command::User(expected));
        let role = parse("onair user set-role amy@radio.example admin");
        assert_eq!(role.command, Command::User(UserCommand::SetRole { email, role: Role::Admin }));
        assert!(wrong("onair user set-role amy@radio.example owner").contains("use admin, host or listener"));
        assert!(wrong("onair user reset-password amy@radio.example secret").contains("unexpected argument"));
    }

    #[test]
    fn a_mistake_is_told_in_one_line_with_the_nearest_flag() {
        assert_eq!(wrong("onair --htpp :1"), "unexpected argument '--htpp' found; did you mean --http?");
        assert!(wrong("onair serv").contains("did you mean serve?"));
        assert!(wrong("onair --http").ends_with("`onair --help` tells more"));
    }

    #[test]
    fn help_names_every_setting() {
        let Err(Stop::Told(help)) = Cli::parse(["onair".into(), "--help".into()]) else { panic!("no help") };
        for row in TABLE {
            assert!(help.contains(row.flag) && help.contains(row.env), "{}", row.flag);
        }
    }
}
