//! What happens to an answer after its request was let in.

use std::sync::Arc;

use http::header::CACHE_CONTROL;
use http::{HeaderValue, Response, StatusCode};
use origin::Body;

use super::gate::{Gate, Pass, Place, Refused};

/// Watches over an answer that takes its time: a held request, an endless stream.
#[derive(Debug)]
pub struct Guard {
    gate: Arc<Gate>,
    broadcast: Box<str>,
    pass: Pass,
    epoch: u64,
}

impl Guard {
    /// A guard over what `pass` was let in for.
    pub fn new(gate: Arc<Gate>, broadcast: &str, pass: Pass) -> Self {
        // What changed between the pass and here is found by the first look.
        let epoch = gate.epoch().wrapping_sub(1);
        Self { gate, broadcast: broadcast.into(), pass, epoch }
    }

    /// Whether the listener may have more.
    pub fn holds(&mut self) -> bool {
        let epoch = self.gate.epoch();
        if epoch != self.epoch {
            if !self.gate.holds(&self.broadcast, self.pass) {
                return false;
            }
            self.epoch = epoch;
        }
        true
    }

    /// How the listener was let in.
    pub const fn pass(&self) -> Pass {
        self.pass
    }
}

/// The answer to a request that is turned away.
pub fn refusal(refused: Refused) -> Response<Body> {
    let status = match refused {
        Refused::Hidden => StatusCode::NOT_FOUND,
        Refused::Unsigned | Refused::Token(_) | Refused::Barred => StatusCode::FORBIDDEN,
    };
    origin::response::problem(status, &refused.to_string())
}

/// Lets caches keep an answer no longer than the token that it was given for, and under a cookie keeps it
/// out of shared ones.
pub fn shorten(response: &mut Response<Body>, pass: Pass, now: impl FnOnce() -> u64) {
    let Pass::Signed(claims, place) = pass else { return };
    let left = claims.expires.saturating_sub(now());
    let kept = response.headers().get(CACHE_CONTROL).and_then(|value| max_age(value.to_str().ok()?));
    let Some(kept) = kept else { return };
    let whose = match place {
        Place::Path => "public",
        Place::Cookie => "private",
    };
    let shortened = HeaderValue::try_from(format!("{whose}, max-age={}", kept.min(left)));
    response.headers_mut().insert(CACHE_CONTROL, shortened.unwrap_or(HeaderValue::from_static("no-store")));
}

fn max_age(cache_control: &str) -> Option<u64> {
    cache_control.split(',').find_map(|directive| directive.trim().strip_prefix("max-age=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::auth::secrets::Secret;
    use crate::playback::Policy;
    use crate::playback::credential::Shown;
    use crate::playback::registry::Audience;

    const NOW: u64 = 1_800_000_000;

    fn gate() -> Arc<Gate> {
        Gate::new(Policy::Private, &Secret::new("secret".to_owned()))
    }

    fn let_in(gate: &Gate, user: &str) -> Pass {
        let grant = gate.grant("private", Some(user), NOW).unwrap();
        gate.admit("private", Shown::InPath(&grant.token), &HeaderMap::new(), || NOW).unwrap()
    }

    #[test]
    fn who_is_barred_while_waiting_gets_nothing_and_others_go_on() {
        let gate = gate();
        let mut ann = Guard::new(gate.clone(), "private", let_in(&gate, "ann"));
        let mut bob = Guard::new(gate.clone(), "private", let_in(&gate, "bob"));
        assert!(ann.holds() && bob.holds());
        gate.block("private", "ann");
        assert!(!ann.holds() && !ann.holds() && bob.holds());
    }

    #[test]
    fn a_ban_between_the_pass_and_the_guard_is_found() {
        let gate = gate();
        let pass = let_in(&gate, "ann");
        gate.suspend("ann");
        assert!(!Guard::new(gate, "private", pass).holds());
    }

    #[test]
    fn a_broadcast_that_becomes_private_is_no_longer_everybodys() {
        let gate = gate();
        gate.tell("evening", Audience::Everybody);
        let mut stream = Guard::new(gate.clone(), "evening", Pass::Open);
        assert!(stream.holds());
        gate.tell("evening", Audience::Members);
        assert!(!stream.holds());
    }

    #[test]
    fn caches_keep_a_signed_answer_no_longer_than_its_token() {
        let gate = gate();
        let Pass::Signed(claims, _) = let_in(&gate, "ann") else { panic!("let in without a token") };
        let kept = |before: &'static str, place, now| {
            let mut response = Response::new(Body::empty());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(before));
            shorten(&mut response, Pass::Signed(claims, place), || now);
            response.headers()[CACHE_CONTROL].to_str().unwrap().to_owned()
        };
        let immutable = "public, max-age=31536000, immutable";
        assert_eq!(kept(immutable, Place::Path, NOW), "public, max-age=60");
        assert_eq!(kept(immutable, Place::Cookie, NOW + 45), "private, max-age=15");
        assert_eq!(kept("public, max-age=2", Place::Path, NOW), "public, max-age=2");
        assert_eq!(kept("no-store", Place::Cookie, NOW), "no-store");
    }
}
