//! `onair`: reads the command line and the settings, and hands over to the station.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use onair::api::openapi;
use onair::auth::secrets;
use onair::cli::{Cli, Command, Form, Stop};
use onair::doctor::CertificateSource;
use onair::edge_log::Tally;
use onair::http::client;
use onair::playback::SECRET_FILE;
use onair::playback::token::Signer;
use onair::settings::{Certificate, Layers, Settings, Values, docs};
use onair::{database, doctor, edge_log, logs, migrate, seed, station, user_command};
use tracing::warn;

fn main() -> ExitCode {
    let cli = match Cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(Stop::Told(text)) => return tell(&text),
        Err(Stop::Wrong(line)) => return fail(WRONG_SETTINGS, &line),
    };
    let layers = Layers::of_process(cli.config, cli.flags);
    let (settings, values) = match Settings::load(&layers) {
        Ok(loaded) => loaded,
        Err(error) => return fail(WRONG_SETTINGS, &error.to_string()),
    };
    if cli.print_config {
        return tell(&docs::print_config(&values));
    }
    match run(cli.command, settings, &values) {
        Ok(status) => status,
        Err(error) => fail(FAILED, &format!("{error:#}")),
    }
}

fn run(command: Command, settings: Settings, values: &Values) -> anyhow::Result<ExitCode> {
    logs::init(&settings.log)?;
    for unused in values.unused() {
        warn!("{} has no effect here: {}", unused.name, unused.why);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve => Box::pin(station::run(settings)).await.map(|()| ExitCode::SUCCESS),
            Command::Seed(sample) => {
                let store = database::open_ready(&settings.storage).await?;
                seed::run(&store, &sample, &mut io::stdout()).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Openapi => Ok(tell(openapi::json())),
            Command::Cost(question, Form::Table) => Ok(tell(&question.table())),
            Command::Cost(question, Form::Json) => Ok(tell(&format!("{:#}\n", question.json()))),
            Command::EdgeLog(logs, form) => edge_log(&logs, form),
            Command::EdgeKey => {
                let secret = secrets::load_or_make(&settings.storage.data_dir, SECRET_FILE)?;
                Ok(tell(&format!("{}\n", Signer::edge_key(secret.expose().as_bytes()))))
            }
            Command::Migrate(migration) => {
                let store = database::open(&settings.storage)?;
                migrate::run(&store, migration, &mut io::stdout()).await.map(|()| ExitCode::SUCCESS)
            }
            Command::User(command) => {
                let store = database::open_ready(&settings.storage).await?;
                user_command::run(&store, command, &mut io::stdin(), &mut io::stdout()).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Doctor { url } => {
                let patient = patient(settings);
                let roots = client::system_roots();
                Ok(doctor::run(&patient, url.as_ref(), roots, &mut io::stdout()).await?)
            }
        }
    })
}

/// Tells what the logs of an edge say.
fn edge_log(logs: &[PathBuf], form: Form) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    for log in logs {
        edge_log::reader::count_file(log, &mut tally)
            .with_context(|| format!("reading {}", log.display()))?;
    }
    tally.finish();
    Ok(match form {
        Form::Table => tell(&edge_log::report::table(&tally)),
        Form::Json => tell(&format!("{:#}\n", edge_log::report::json(&tally))),
    })
}

/// What the doctor looks at.
fn patient(settings: Settings) -> doctor::Station {
    doctor::Station {
        http: settings.http.listen,
        https: settings.http.https_listen,
        rtmp: settings.rtmp.listen,
        rtmps: settings.rtmp.rtmps_listen,
        rtc: settings.rtc.listen,
        rtc_public: settings.rtc.public_ips,
        redis: settings.redis,
        mail: settings.notify.mail,
        bucket: settings.objects.bucket,
        access: settings.objects.access,
        data_dir: settings.storage.data_dir,
        public_url: settings.http.public_url,
        certificate: settings.certificate.map(|certificate| match certificate {
            Certificate::Files { cert, key } => CertificateSource::Files { chain: cert, key },
            Certificate::Acme(acme) => CertificateSource::Acme {
                domains: acme.domains.iter().map(|name| name.as_ref().to_owned()).collect(),
            },
        }),
    }
}

/// Standard output; a reader that has gone away, as `head` does, is no failure.
fn tell(text: &str) -> ExitCode {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(FAILED, &format!("cannot write to standard output: {error}")),
    }
}

fn fail(status: u8, line: &str) -> ExitCode {
    eprintln!("onair: {line}");
    ExitCode::from(status)
}

/// The station could not go on: a port is taken, a disk is full.
const FAILED: u8 = 1;
/// The settings or the command line cannot be used.
const WRONG_SETTINGS: u8 = 2;
