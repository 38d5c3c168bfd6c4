//! Whether the relay takes e-mail.

use notices::email::{Email, Trust};

use super::report::Report;
use crate::settings::MailSettings;

const CHECK: &str = "e-mail";

/// Asks the relay of `mail` whether it lets the station in; without one there is nothing to look at.
pub(super) async fn examine(report: &mut Report, mail: Option<&MailSettings>) {
    let Some(mail) = mail else { return };
    let reached = match Email::new(&mail.relay, mail.from.clone(), &Trust::System) {
        Ok(email) => email.reach().await,
        Err(bad) => Err(bad.to_string()),
    };
    match reached {
        Ok(()) => report.ok(CHECK, format!("{} lets the station in", mail.relay)),
        Err(why) => report.fail(
            CHECK,
            format!("{}: {why}", mail.relay),
            "set its address, TLS, user and password right (`ONAIR_SMTP_URL`); until then e-mail waits, and what is too \
             late is not sent",
        ),
    }
}

#[cfg(test)]
mod tests {
    use notices::email::{Relay, Sender};

    use super::*;

    #[tokio::test]
    async fn a_relay_that_is_away_fails_and_its_password_is_not_shown() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let relay = Relay::parse(&format!("smtp://me:unspeakable@127.0.0.1:{port}")).unwrap();
        let mail = MailSettings { relay, from: Sender::parse("radio@radio.example").unwrap() };
        let mut report = Report::default();
        examine(&mut report, None).await;
        assert!(!report.fails());
        examine(&mut report, Some(&mail)).await;
        assert!(report.fails());
        let text = report.to_string();
        assert!(text.contains(&format!("127.0.0.1:{port}")) && !text.contains("unspeakable"), "{text}");
    }
}
