//! Where settings come from, what is said about wrong ones, and that the documents tell the truth.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use onair::settings::table::{Key, Preset, TABLE};
use onair::settings::{Layers, SeededBy, Settings, docs};
use tempfile::TempDir;

/// Settings as layers, weakest first; the name of the test's value tells which layer won.
struct Operator {
    folder: TempDir,
    layers: Layers,
}

impl Operator {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let layers = Layers {
            folder: folder.path().to_owned(),
            config: None,
            environment: Vec::new(),
            flags: Vec::new(),
        };
        Self { folder, layers }
    }

    fn writes(self, file: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(file), text).unwrap();
        self
    }

    fn exports(mut self, name: &str, value: &str) -> Self {
        self.layers.environment.push((name.into(), value.into()));
        self
    }

    fn types(mut self, key: Key, value: &str) -> Self {
        self.layers.flags.push((key, value.to_owned()));
        self
    }

    fn asks_for(mut self, file: &str) -> Self {
        self.layers.config = Some(self.folder.path().join(file));
        self
    }

    /// The port of the web and where it came from.
    fn gets(&self) -> (u16, String) {
        let (settings, values) = Settings::load(&self.layers).unwrap();
        let origin = values.get(Key::HttpListen).unwrap().origin();
        (settings.http.listen.port(), origin.replace(&*self.folder.path().to_string_lossy(), "DIR"))
    }

    /// The complaint, with the folder's name left out.
    fn is_told(&self) -> String {
        let told = Settings::load(&self.layers).unwrap_err().to_string();
        assert_eq!(told.lines().count(), 1, "{told}");
        told.replace(&*self.folder.path().to_string_lossy(), "DIR")
    }
}

#[test]
fn each_layer_covers_the_one_below() {
    let operator = Operator::new();
    assert_eq!(operator.gets(), (8080, "default".to_owned()));
    let operator = operator.writes("onair.toml", "[http]\nlisten = ':1'\n");
    assert_eq!(operator.gets(), (1, "DIR/onair.toml".to_owned()));
    let operator = operator.writes(".env", "ONAIR_HTTP_LISTEN=:2\n");
    assert_eq!(operator.gets(), (2, ".env".to_owned()));
    let operator = operator.exports("ONAIR_HTTP_LISTEN", ":3");
    assert_eq!(operator.gets(), (3, "environment".to_owned()));
    let operator = operator.types(Key::HttpListen, ":4");
    assert_eq!(operator.gets(), (4, "flag --http".to_owned()));
}

#[test]
fn a_file_that_was_asked_for_is_read_instead() {
    let operator = Operator::new()
        .writes("onair.toml", "[http]\nlisten = 1\n")
        .writes("other.toml", "[http]\nlisten = 2\n")
        .asks_for("other.toml");
    assert_eq!(operator.gets(), (2, "DIR/other.toml".to_owned()));
    let told = Operator::new().asks_for("missing.toml").is_told();
    assert!(told.starts_with("cannot read DIR/missing.toml: "), "{told}");
}

#[test]
fn names_of_other_products_are_read_too() {
    let operator = Operator::new().exports("SERVER_PORT", "4000");
    assert_eq!(operator.gets(), (4000, "environment SERVER_PORT".to_owned()));
    let operator = operator.exports("ONAIR_HTTP_LISTEN", ":3");
    assert_eq!(operator.gets(), (3, "environment".to_owned()));
    let both = Operator::new().writes(".env", "ONAIR_HTTP_LISTEN=:2\n").exports("SERVER_PORT", "4000");
    assert_eq!(both.gets().0, 4000, "a layer above wins, whatever the name");

    let operator = Operator::new().writes(".env", "HLS_ENABLED=false\nRUST_LOG=warn\nOTHER=1\n");
    let (settings, _) = Settings::load(&operator.layers).unwrap();
    assert!(!settings.hls.enabled);
    assert_eq!(settings.log.filter.to_env_filter().to_string(), "warn");
}

#[test]
fn a_database_is_put_together_from_its_parts() {
    let operator = Operator::new();
    let (settings, _) = Settings::load(&operator.layers).unwrap();
    assert!(settings.storage.database.expose().ends_with("/data/onair.db?mode=rwc"));

    let operator =
        operator.writes(".env", "DB_HOST=db.example\nDB_NAME=radio\n").exports("DB_PASSWORD", "a b");
    let (settings, values) = Settings::load(&operator.layers).unwrap();
    assert_eq!(settings.storage.database.expose(), "postgres://onair:a%20b@db.example:5432/radio");
    assert_eq!(values.get(Key::DatabaseUrl).unwrap().origin(), "environment DB_HOST");
    assert!(!docs::print_config(&values).contains("a%20b"));

    let whole = operator.exports("DATABASE_URL", "postgres://u:p@h/d");
    let (settings, _) = Settings::load(&whole.layers).unwrap();
    assert_eq!(settings.storage.database.expose(), "postgres://u:p@h/d");

    let told = Operator::new().exports("DB_HOST", "h").exports("DB_PORT", "x").is_told();
    assert_eq!(told, "DB_PORT cannot be \"x\" (environment); use a port such as 5432");
    let told = Operator::new().exports("DB_HOST", "a b").is_told();
    assert!(told.starts_with("DB_HOST cannot be \"a b\" (environment); use a host"), "{told}");
    let told = Operator::new().exports("DATABASE_URL", "mysql://me:secret@h/d").is_told();
    assert!(told.starts_with("DATABASE_URL cannot be [redacted] (environment); use sqlite:FILE"), "{told}");
}

#[test]
fn a_redis_is_put_together_from_its_parts() {
    let operator = Operator::new();
    assert_eq!(Settings::load(&operator.layers).unwrap().0.redis, None);

    let operator = operator.writes(".env", "REDIS_HOST=redis.example\n").exports("REDIS_PASSWORD", "a b");
    let (settings, values) = Settings::load(&operator.layers).unwrap();
    assert_eq!(settings.redis.unwrap().expose(), "redis://:a%20b@redis.example:6379");
    assert_eq!(values.get(Key::RedisUrl).unwrap().origin(), "environment REDIS_HOST");
    assert!(!docs::print_config(&values).contains("a%20b"));

    let whole = operator.exports("REDIS_URL", "rediss://h/2");
    assert_eq!(Settings::load(&whole.layers).unwrap().0.redis.unwrap().expose(), "rediss://h/2");

    let told = Operator::new().exports("REDIS_HOST", "h").exports("REDIS_PORT", "x").is_told();
    assert_eq!(told, "REDIS_PORT cannot be \"x\" (environment); use a port such as 6379");
    let told = Operator::new().exports("REDIS_HOST", "a b").is_told();
    assert!(told.starts_with("REDIS_HOST cannot be \"a b\" (environment); use a host"), "{told}");
    let told = Operator::new().exports("REDIS_URL", "http://me:secret@h").is_told();
    assert!(told.starts_with("REDIS_URL cannot be [redacted] (environment); use redis://"), "{told}");
}

#[test]
fn an_unknown_name_is_told_with_the_one_that_was_meant() {
    let told = Operator::new().writes("onair.toml", "[http]\nlisen = ':1'\n").is_told();
    assert_eq!(told, "http.lisen in DIR/onair.toml is not a setting; did you mean http.listen?");
    let told = Operator::new().writes("onair.toml", "[teapot]\n").is_told();
    assert_eq!(told, "teapot in DIR/onair.toml is not a setting; `onair --help` lists them all");
    let told = Operator::new().writes(".env", "ONAIR_DATA_DIRS=/x\n").is_told();
    assert_eq!(told, "ONAIR_DATA_DIRS in .env is not a setting; did you mean ONAIR_DATA_DIR?");
}

#[test]
fn a_bad_value_is_told_with_what_is_allowed() {
    let told = Operator::new().types(Key::StudioAudioProfile, "loud").is_told();
    assert_eq!(told, "--studio-audio-profile cannot be \"loud\" (flag); use voice, standard or music");
    let told = Operator::new().exports("SERVER_PORT", "4000x").is_told();
    assert!(told.starts_with("SERVER_PORT cannot be \"4000x\" (environment); use an address"), "{told}");
    let told = Operator::new().writes("onair.toml", "[rtmp]\nconnections_max = 0\n").is_told();
    assert_eq!(
        told,
        "rtmp.connections_max cannot be \"0\" (DIR/onair.toml); use a whole number from 1 to 100000"
    );
    let told = Operator::new().writes("onair.toml", "[demo]\nenabled = [1]\n").is_told();
    assert_eq!(told, "demo.enabled cannot be array in TOML (DIR/onair.toml); use true or false");
}

#[test]
fn a_file_that_does_not_parse_is_told_with_the_line() {
    let told = Operator::new().writes("onair.toml", "[http]\nlisten = ':1'\noops\n").is_told();
    assert!(told.starts_with("DIR/onair.toml, line 3: "), "{told}");
    let told = Operator::new().writes(".env", "ONAIR_DEMO=true\n\nnot a line\n").is_told();
    assert!(told.starts_with("DIR/.env, line 3: "), "{told}");
}

/// The same settings, where an operator wrote all of them down: what is written holds from every start on.
fn insisted_on(mut settings: Settings) -> Settings {
    settings.studio.latency_mode.by = SeededBy::Operator;
    settings.studio.audio_profile.by = SeededBy::Operator;
    settings.studio.publisher_grace.by = SeededBy::Operator;
    settings
}

#[test]
fn the_example_file_sets_every_setting_to_what_it_is_anyway() {
    let example = docs::env_example();
    let lines = example.lines().filter_map(|line| line.strip_prefix('#'));
    let assignments: Vec<&str> = lines.filter(|line| line.starts_with("ONAIR_")).collect();
    assert_eq!(assignments.len(), TABLE.len());
    let operator = Operator::new().writes(".env", &assignments.join("\n"));
    let (untouched, _) = Settings::load(&Operator::new().layers).unwrap();
    let (settings, values) = Settings::load(&operator.layers).unwrap();
    assert_eq!(settings, insisted_on(untouched));
    for row in TABLE.iter().filter(|row| matches!(row.default, Preset::Is(_))) {
        assert_eq!(values.get(row.key).unwrap().origin(), ".env", "{}", row.env);
    }
}

#[test]
fn what_print_config_prints_is_a_configuration_file() {
    let operator = Operator::new().exports("ONAIR_DATA_DIR", "a \"b\" # 'c'\\d").types(Key::Demo, "true");
    let (settings, values) = Settings::load(&operator.layers).unwrap();
    let again = Operator::new().writes("onair.toml", &docs::print_config(&values));
    let (reread, _) = Settings::load(&again.layers).unwrap();
    assert_eq!(reread, insisted_on(settings));
}

#[test]
fn the_example_file_and_the_readme_tell_every_setting() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    holds(&root.join(".env.example"), |_| docs::env_example());
    holds(&root.join("README.md"), |readme| {
        docs::with_table(readme).expect("README.md has the markers of the settings table")
    });
}

/// `file` is what `make` makes of it; with `UPDATE_DOCS=1` it is written so.
fn holds(file: &Path, make: impl Fn(&str) -> String) {
    let found = fs::read_to_string(file).unwrap_or_default();
    let expected = make(&found);
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(file, &expected).unwrap();
    } else {
        let file = file.display();
        assert!(found == expected, "{file} is behind the settings; UPDATE_DOCS=1 cargo test --test settings");
    }
}

/// Runs the program in an empty folder with an empty environment but for these.
fn onair(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    Command::new(env!("CARGO_BIN_EXE_onair"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(folder.path())
        .output()
        .unwrap()
}

fn complaint(output: &Output) -> &str {
    let text = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end()
}

#[test]
fn wrong_settings_exit_with_2_and_one_line() {
    let output = onair(&["serve"], &[("ONAIR_RTMP_LISTEN", "nowhere")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).starts_with("onair: ONAIR_RTMP_LISTEN cannot be \"nowhere\" (environment);"));
    let output = onair(&[], &[("ONAIR_COLOUR", "blue")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).starts_with("onair: ONAIR_COLOUR in environment is not a setting"));
    let output = onair(&["--colour", "blue"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).starts_with("onair: unexpected argument '--colour' found"));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_port_that_is_taken_exits_with_1_and_is_named() {
    let owner = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = owner.local_addr().unwrap().to_string();
    for (flag, other, env) in
        [("--http", "--rtmp", "ONAIR_HTTP_LISTEN"), ("--rtmp", "--http", "ONAIR_RTMP_LISTEN")]
    {
        let output = onair(&["serve", flag, &taken, other, "127.0.0.1:0"], &[("ONAIR_LOG", "off")]);
        assert_eq!(output.status.code(), Some(1));
        let told = complaint(&output);
        assert!(told.starts_with(&format!("onair: {taken} ({env}) is taken; stop the program")), "{told}");
    }
}

#[test]
fn logs_are_json_by_setting_and_the_banner_tells_the_ports_that_were_found() {
    let folder = TempDir::new().unwrap();
    let mut station = Command::new(env!("CARGO_BIN_EXE_onair"))
        .args([
            "serve",
            "--http",
            "127.0.0.1:0",
            "--rtmp",
            "127.0.0.1:0",
            "--rtc",
            "127.0.0.1:0",
            "--log-format",
            "json",
        ])
        .env_clear()
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let banner = BufReader::new(station.stdout.take().unwrap());
    let mut told = banner.lines().map_while(Result::ok);
    for start in ["  Web         http://127.0.0.1:", "  RTMP        rtmp://127.0.0.1:"] {
        let line = told.find(|line| line.starts_with(start)).expect("the banner tells the address");
        let port: String = line[start.len()..].chars().take_while(char::is_ascii_digit).collect();
        assert_ne!(port.parse::<u16>().unwrap(), 0);
    }
    let stopped = Command::new("kill").args(["-TERM", &station.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    let output = station.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let logs = str::from_utf8(&output.stderr).unwrap();
    let events: Vec<serde_json::Value> =
        logs.lines().map(|line| serde_json::from_str(line).expect("a log line is JSON")).collect();
    assert!(events.iter().any(|event| event["level"] == "INFO" && event["message"].is_string()), "{logs}");
}

#[test]
fn print_config_tells_values_and_origins_and_no_secret() {
    let secret = ("ONAIR_ACME_CONTACT", "somebody@radio.example");
    let output = onair(&["serve", "--print-config", "--demo"], &[secret, ("SERVER_PORT", "4000")]);
    assert_eq!(output.status.code(), Some(0));
    let text = str::from_utf8(&output.stdout).unwrap();
    assert!(text.contains("listen = \"4000\"  # environment SERVER_PORT\n"), "{text}");
    assert!(text.contains("enabled = \"true\"  # flag --demo\n"), "{text}");
    assert!(text.contains("contact = \"[redacted]\"  # environment\n"), "{text}");
    assert!(!text.contains("somebody"));
}

#[test]
fn the_version_is_told() {
    let output = onair(&["--version"], &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, format!("onair {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
}
