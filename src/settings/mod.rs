//! What an operator may set. [`table`] names every setting once, [`Layers`] says where values come from,
//! and [`Settings::load`] turns them into types that cannot be wrong. Nobody checks them again.

mod auth;
mod database_parts;
pub mod docs;
mod error;
mod gathered_parts;
mod layers;
mod notify;
mod objects;
mod redis_parts;
mod rtc;
mod sections;
mod smtp_parts;
pub mod table;
mod values;
mod webhooks;

pub use auth::{AuthSettings, GivenKey, Registration, UnknownRegistration};
pub use error::SettingsError;
pub use layers::Layers;
pub use notify::{ApnsSettings, FcmSettings, MailSettings, NotifySettings};
pub use objects::{CdnSettings, ObjectSettings, PrivateKey, SignerSettings};
pub use rtc::{Red, RtcSettings, TurnSettings, UnknownRed};
pub use sections::{
    AcmeSettings, ApiSettings, Certificate, HlsSettings, HttpSettings, LogFilter, LogFormat, LogSettings,
    RtmpSettings, Seed, SeededBy, Settings, StorageSettings, StudioSettings, UnknownLogFormat,
};
pub use values::{Place, Unused, Value, Values};
pub use webhooks::WebhookSettings;

impl Settings {
    /// Merges the layers and reads every setting; the [`Values`] tell where each came from.
    pub fn load(layers: &Layers) -> Result<(Self, Values), SettingsError> {
        let values = layers.merge()?;
        let settings = Self::from_values(&values)?;
        Ok((settings, values))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::table::{Key, TABLE};
    use super::*;

    fn given(environment: &[(&str, &str)]) -> Layers {
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Layers { folder: PathBuf::from("/nonexistent"), config: None, environment, flags: Vec::new() }
    }

    fn complaint(environment: &[(&str, &str)]) -> String {
        Settings::load(&given(environment)).unwrap_err().to_string()
    }

    #[test]
    fn every_key_has_one_row_and_every_name_is_unique() {
        let mut names: Vec<&str> = TABLE.iter().flat_map(|row| [row.toml, row.flag, row.env]).collect();
        names.extend(TABLE.iter().flat_map(|row| row.aliases));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for row in TABLE {
            assert_eq!(row.key.setting().env, row.env);
            assert!(row.env.starts_with("ONAIR_"), "{}", row.env);
            assert_eq!(row.toml.split('.').count(), 2, "{}", row.toml);
        }
        assert_eq!(TABLE.last().map(|row| row.key), Some(Key::ShutdownGraceSeconds));
        assert!(TABLE.iter().map(|row| row.key).is_sorted());
        assert_eq!(TABLE.len(), Key::ShutdownGraceSeconds as usize + 1);
    }

    #[test]
    fn every_setting_refuses_nonsense_and_names_itself() {
        for row in TABLE {
            let complaint = complaint(&[(row.env, "\0")]);
            assert!(complaint.starts_with(row.env), "{complaint}");
            assert!(complaint.ends_with(&row.kind.allowed()), "{complaint}");
            assert_eq!(complaint.lines().count(), 1, "{complaint}");
        }
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let (settings, values) = Settings::load(&given(&[("ONAIR_HTTP_LISTEN", "")])).unwrap();
        assert_eq!(settings.http.listen.port(), 8080);
        assert_eq!(values.get(Key::HttpListen).unwrap().place, Place::Default);
    }

    #[test]
    fn a_port_with_tls_needs_a_certificate() {
        assert_eq!(
            complaint(&[("ONAIR_HTTPS_LISTEN", ":443")]),
            "ONAIR_HTTPS_LISTEN needs ONAIR_TLS_CERT and ONAIR_TLS_KEY, or ONAIR_ACME_DOMAIN"
        );
        assert!(complaint(&[("ONAIR_RTMPS_LISTEN", ":443")]).starts_with("ONAIR_RTMPS_LISTEN needs"));
    }

    #[test]
    fn a_certificate_needs_its_key_and_a_port() {
        let cert = ("ONAIR_TLS_CERT", "cert.pem");
        let key = ("ONAIR_TLS_KEY", "key.pem");
        let https = ("ONAIR_HTTPS_LISTEN", ":443");
        let domain = ("ONAIR_ACME_DOMAIN", "radio.example");
        assert!(complaint(&[https, cert]).ends_with("needs ONAIR_TLS_KEY"));
        assert!(complaint(&[https, key]).ends_with("needs ONAIR_TLS_CERT"));
        assert!(complaint(&[cert, key]).ends_with("needs ONAIR_HTTPS_LISTEN or ONAIR_RTMPS_LISTEN"));
        assert!(complaint(&[https, cert, key, domain]).contains("are both set"));
        let rtmps = ("ONAIR_RTMPS_LISTEN", ":1936");
        assert!(complaint(&[rtmps, domain]).ends_with("needs ONAIR_HTTPS_LISTEN"));

        let (settings, _) = Settings::load(&given(&[https, cert, key])).unwrap();
        let files = Certificate::Files { cert: "cert.pem".into(), key: "key.pem".into() };
        assert_eq!(settings.certificate, Some(files));
        let (settings, _) = Settings::load(&given(&[https, domain])).unwrap();
        let Some(Certificate::Acme(acme)) = settings.certificate else { panic!("no ACME") };
        assert_eq!(acme.domains[0].as_ref(), "radio.example");
    }

    #[test]
    fn a_hook_needs_the_secret_that_its_requests_are_signed_with() {
        for name in ["ONAIR_WEBHOOK_URL", "ONAIR_ON_PUBLISH_URL", "ONAIR_ON_UNPUBLISH_URL"] {
            let hook = (name, "http://127.0.0.1:3000/hook");
            assert_eq!(complaint(&[hook]), format!("{name} needs ONAIR_WEBHOOK_SECRET"));
            let (settings, _) =
                Settings::load(&given(&[hook, ("ONAIR_WEBHOOK_SECRET", "a-long-enough-secret")])).unwrap();
            assert!(!format!("{settings:?}").contains("a-long-enough-secret"));
        }
    }

    #[test]
    fn turn_servers_need_the_secret_and_a_secret_alone_does_no_harm() {
        let turn = ("ONAIR_TURN_URLS", "turn:turn.example.org");
        assert_eq!(complaint(&[turn]), "ONAIR_TURN_URLS needs ONAIR_TURN_SECRET");
        let secret = ("TURN_SECRET", "a-long-enough-secret");
        let (settings, values) = Settings::load(&given(&[turn, secret])).unwrap();
        assert_eq!(settings.rtc.turn.as_ref().unwrap().urls, ["turn:turn.example.org"]);
        assert!(!format!("{settings:?}").contains(secret.1));
        assert!(!docs::print_config(&values).contains(secret.1));
        assert!(Settings::load(&given(&[secret])).unwrap().0.rtc.turn.is_none());
    }

    #[test]
    fn webrtc_is_set_by_the_names_of_other_products_too() {
        let (settings, values) = Settings::load(&given(&[
            ("MEDIASOUP_LISTEN_IP", "127.0.0.1"),
            ("MEDIASOUP_ANNOUNCED_IP", "203.0.113.7"),
            ("MEDIASOUP_MIN_PORT", "40000"),
            ("MEDIASOUP_MAX_PORT", "49999"),
            ("CDN_SWITCH_THRESHOLD", "50"),
        ]))
        .unwrap();
        assert_eq!(settings.rtc.listen, "127.0.0.1:8189".parse().ok());
        assert_eq!(settings.rtc.public_ips, ["203.0.113.7".parse::<std::net::IpAddr>().unwrap()]);
        assert_eq!(settings.rtc.listeners_max, 50);
        let unused: Vec<_> = values.unused().iter().map(|unused| unused.name).collect();
        assert_eq!(unused, ["MEDIASOUP_MIN_PORT", "MEDIASOUP_MAX_PORT"]);
        let (settings, values) = Settings::load(&given(&[("ONAIR_RTC_LISTEN", "off")])).unwrap();
        assert!(settings.rtc.listen.is_none() && values.unused().is_empty());
    }

    #[test]
    fn a_bucket_is_set_by_the_names_of_aws_too_and_its_secret_is_not_shown() {
        let named =
            [("S3_BUCKET_NAME", "radio"), ("AWS_REGION", "eu-central-1"), ("CDN_URL", "https://cdn.example")];
        let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wJalrXUtn/+=")];
        let (settings, values) = Settings::load(&given(&named)).unwrap();
        assert_eq!(settings.objects.access, cdn::Access::OfTheMachine);
        assert_eq!(settings.cdn.url.unwrap().as_str(), "https://cdn.example/");
        assert!(values.unused().is_empty());
        let (settings, values) = Settings::load(&given(&[&named[..], &keys[..]].concat())).unwrap();
        let bucket = settings.objects.bucket.as_ref().unwrap();
        assert_eq!((bucket.name.as_str(), bucket.region.as_deref()), ("radio", Some("eu-central-1")));
        assert_eq!((&bucket.endpoint, settings.objects.spool_max), (&None, 20_000_000_000));
        assert!(matches!(&settings.objects.access, cdn::Access::Keys { id, .. } if id == "AKIDEXAMPLE"));
        assert!(!format!("{settings:?}").contains("wJalr"));
        assert!(!docs::print_config(&values).contains("wJalr"));
        assert_eq!(complaint(&keys[..1]), "ONAIR_S3_ACCESS_KEY_ID needs ONAIR_S3_SECRET_ACCESS_KEY");
        assert_eq!(
            complaint(&[("ONAIR_S3_ENDPOINT", "http://a.example")]),
            "ONAIR_S3_ENDPOINT needs ONAIR_S3_BUCKET"
        );
    }

    #[test]
    fn cookies_for_cloudfront_need_a_key_its_id_and_where_it_is() {
        let id = ("ONAIR_CLOUDFRONT_KEY_PAIR_ID", "K2JCJMDEHXQW5F");
        let key = ("ONAIR_CLOUDFRONT_PRIVATE_KEY", r"-----BEGIN PRIVATE KEY-----\nunspeakable");
        let url = ("ONAIR_CDN_URL", "https://cdn.radio.example");
        assert_eq!(complaint(&[id, url]), "ONAIR_CLOUDFRONT_KEY_PAIR_ID needs ONAIR_CLOUDFRONT_PRIVATE_KEY");
        assert_eq!(complaint(&[key, url]), "ONAIR_CLOUDFRONT_PRIVATE_KEY needs ONAIR_CLOUDFRONT_KEY_PAIR_ID");
        assert_eq!(complaint(&[id, key]), "ONAIR_CLOUDFRONT_KEY_PAIR_ID needs ONAIR_CDN_URL");
        let (settings, values) = Settings::load(&given(&[id, key, url])).unwrap();
        assert!(!format!("{settings:?}").contains("unspeakable") && settings.cdn.signer.is_some());
        assert!(!docs::print_config(&values).contains("unspeakable"));
    }

    #[test]
    fn e_mail_needs_a_sender_and_is_set_by_the_names_of_other_products_too() {
        let url = ("ONAIR_SMTP_URL", "smtps://me:unspeakable@mail.example");
        let from = ("ONAIR_MAIL_FROM", "Radio <radio@radio.example>");
        assert_eq!(complaint(&[url]), "ONAIR_SMTP_URL needs ONAIR_MAIL_FROM");
        let (settings, values) = Settings::load(&given(&[url, from])).unwrap();
        assert!(!format!("{settings:?}").contains("unspeakable"));
        assert!(!docs::print_config(&values).contains("unspeakable"));
        let parts = [
            ("SMTP_HOST", "mail.example"),
            ("SMTP_USER", "me@radio.example"),
            ("SMTP_PASSWORD", "unspeakable"),
        ];
        let (in_parts, values) = Settings::load(&given(&[&parts[..], &[from]].concat())).unwrap();
        let whole = notices::email::Relay::parse("smtp://me%40radio.example:unspeakable@mail.example:587");
        assert_eq!(in_parts.notify.mail.unwrap().relay, whole.unwrap());
        assert!(!docs::print_config(&values).contains("unspeakable") && values.unused().is_empty());
        let port = [("SMTP_HOST", "mail.example"), ("SMTP_PORT", "465"), from];
        let (implicit, _) = Settings::load(&given(&port)).unwrap();
        let whole = notices::email::Relay::parse("smtps://mail.example");
        assert_eq!(implicit.notify.mail.unwrap().relay, whole.unwrap());
        let clear = ("ONAIR_SMTP_URL", "smtp://me:unspeakable@mail.example?tls=none");
        let said = complaint(&[clear, from]);
        assert!(
            said.starts_with("ONAIR_SMTP_URL cannot be [redacted]") && !said.contains("unspeakable"),
            "{said}"
        );
    }

    #[test]
    fn an_account_of_a_push_service_is_whole_or_not_there() {
        let fcm = [
            ("FCM_PROJECT_ID", "radio"),
            ("ONAIR_FCM_CLIENT_EMAIL", "sender@radio.iam.example"),
            ("ONAIR_FCM_PRIVATE_KEY", r"-----BEGIN PRIVATE KEY-----\nunspeakable"),
        ];
        let (settings, values) = Settings::load(&given(&fcm)).unwrap();
        assert!(settings.notify.fcm.is_some() && !format!("{settings:?}").contains("unspeakable"));
        assert!(!docs::print_config(&values).contains("unspeakable"));
        assert_eq!(complaint(&fcm[..2]), "ONAIR_FCM_PROJECT_ID needs ONAIR_FCM_PRIVATE_KEY");
        assert_eq!(complaint(&fcm[2..]), "ONAIR_FCM_PRIVATE_KEY needs ONAIR_FCM_PROJECT_ID");
        let apns = [
            ("ONAIR_APNS_TEAM_ID", "DEF123GHIJ"),
            ("ONAIR_APNS_KEY_ID", "ABC123DEFG"),
            ("ONAIR_APNS_PRIVATE_KEY", "key.p8"),
            ("ONAIR_APNS_TOPIC", "example.radio"),
        ];
        assert!(Settings::load(&given(&apns)).unwrap().0.notify.apns.is_some());
        assert_eq!(complaint(&apns[1..]), "ONAIR_APNS_KEY_ID needs ONAIR_APNS_TEAM_ID");
        assert_eq!(complaint(&apns[..3]), "ONAIR_APNS_TEAM_ID needs ONAIR_APNS_TOPIC");
        assert!(complaint(&[("ONAIR_APNS_URL", "http://127.0.0.1")]).starts_with("ONAIR_APNS_URL cannot be"));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let contact = ("ONAIR_ACME_CONTACT", "somebody@radio.example");
        let https = ("ONAIR_HTTPS_LISTEN", ":443");
        let domain = ("ONAIR_ACME_DOMAIN", "radio.example");
        let (settings, values) = Settings::load(&given(&[contact, https, domain])).unwrap();
        assert!(!format!("{settings:?}").contains("somebody"));
        let printed = docs::print_config(&values);
        assert!(!printed.contains("somebody"));
        assert!(printed.contains("contact = \"[redacted]\"  # environment"), "{printed}");

        let complaint = complaint(&[("ONAIR_ACME_CONTACT", "somebody")]);
        assert!(complaint.starts_with("ONAIR_ACME_CONTACT cannot be [redacted]"), "{complaint}");
        assert!(!complaint.contains("somebody"));
    }

    #[test]
    fn an_unknown_name_of_ours_is_refused_and_others_are_not_ours() {
        let complaint = complaint(&[("ONAIR_HTTP_LISTN", ":1")]);
        assert_eq!(
            complaint,
            "ONAIR_HTTP_LISTN in environment is not a setting; did you mean ONAIR_HTTP_LISTEN?"
        );
        assert!(Settings::load(&given(&[("ON_AIR", "1"), ("PATH", "/bin")])).is_ok());
    }
}
