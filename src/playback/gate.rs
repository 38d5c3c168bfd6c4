//! The gate in front of the origin.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use http::HeaderMap;

use super::credential::{COOKIE_NAME, Shown, cookies};
use super::edge::EdgeSecret;
use super::registry::{Audience, Barred, Everybodys};
use super::token::{Claims, Signer, Subject, TOKEN_LIFE, TokenError};
use crate::auth::secrets::Secret;
use crate::http::server::Scheme;

/// Whose HLS needs a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Policy {
    /// That of private broadcasts.
    Private,
    /// Everybody's.
    Always,
    /// Nobody's.
    Off,
}

/// A word that is no policy.
#[derive(Debug, thiserror::Error)]
#[error("use private, always or off")]
pub struct UnknownPolicy;

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        match text {
            "private" => Ok(Self::Private),
            "always" => Ok(Self::Always),
            "off" => Ok(Self::Off),
            _ => Err(UnknownPolicy),
        }
    }
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Not everybody's and nothing shown; said as if it were not there.
    #[error("no broadcast has this id")]
    Hidden,
    /// Everybody's, and still nothing shown.
    #[error(
        "playback of this broadcast is signed; ask GET /api/broadcasts/{{id}}/playback for its address and \
         play that"
    )]
    Unsigned,
    /// What was shown is not good.
    #[error("{0}; ask GET /api/broadcasts/{{id}}/playback for a new one")]
    Token(#[from] TokenError),
    /// The person is barred.
    #[error("you may not listen to this broadcast")]
    Barred,
}

/// Where a token was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// In the path, so that the answer is this address's own.
    Path,
    /// In a cookie, so that the same address has other answers for other people.
    Cookie,
}

/// How a request was let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pass {
    /// The broadcast is everybody's.
    Open,
    /// By a token.
    Signed(Claims, Place),
    /// By an edge that checked the token itself, and keeps one copy for all who have one.
    Edge,
}

/// What somebody needs to hear a signed broadcast.
#[derive(Debug)]
pub struct Grant {
    /// The token.
    pub token: String,
    /// The second since 1970 from which on it is worth nothing.
    pub expires: u64,
    broadcast: String,
}

impl Grant {
    /// What stands before a name below the broadcast: `/s/{token}/live/{id}/`.
    pub fn prefix(&self) -> String {
        format!("/s/{}/live/{}/", self.token, self.broadcast)
    }

    /// The value of `Set-Cookie` for a page of this station, on a connection of `scheme`.
    pub fn cookie(&self, scheme: Scheme) -> String {
        let secure = match scheme {
            Scheme::Http => "",
            Scheme::Https => "; Secure",
        };
        let (token, id, life) = (&self.token, &self.broadcast, TOKEN_LIFE.as_secs());
        format!("{COOKIE_NAME}={token}; Path=/live/{id}/; Max-Age={life}; HttpOnly; SameSite=Strict{secure}")
    }
}

/// Who may have the bytes of which broadcast. Everything is in memory; a change holds for the next request.
#[derive(Debug)]
pub struct Gate {
    policy: Policy,
    signer: Signer,
    edge: Option<EdgeSecret>,
    everybodys: ArcSwap<Everybodys>,
    barred: ArcSwap<Barred>,
    /// Counts what takes something away from somebody, so that whoever holds a [`Pass`] looks again.
    epoch: AtomicU64,
}

impl Gate {
    /// A gate that knows no broadcast and nobody. `secret` signs its tokens.
    pub fn new(policy: Policy, secret: &Secret) -> Arc<Self> {
        Self::behind(None, policy, secret)
    }

    /// The same, behind an edge that is believed when it says that it has checked a token.
    pub fn behind(edge: Option<EdgeSecret>, policy: Policy, secret: &Secret) -> Arc<Self> {
        Arc::new(Self {
            policy,
            signer: Signer::new(secret.expose().as_bytes()),
            edge,
            everybodys: ArcSwap::default(),
            barred: ArcSwap::default(),
            epoch: AtomicU64::new(0),
        })
    }

    /// Notes whose `broadcast` is, from the next request on.
    pub fn tell(&self, broadcast: &str, audience: Audience) {
        let known = self.everybodys.load().contains(broadcast);
        match audience {
            Audience::Everybody if !known => {
                self.everybodys.rcu(|before| {
                    let mut after = Everybodys::clone(before);
                    after.insert(broadcast.into());
                    after
                });
            }
            Audience::Members if known => {
                self.everybodys.rcu(|before| {
                    let mut after = Everybodys::clone(before);
                    after.remove(broadcast);
                    after
                });
                self.narrowed();
            }
            Audience::Everybody | Audience::Members => {}
        }
    }

    /// Bars a user from everything; their tokens are worth nothing at once.
    pub fn suspend(&self, user: &str) {
        let subject = self.signer.subject(user);
        self.change(|barred| barred.suspend(subject));
        self.narrowed();
    }

    /// Lets a suspended user in again.
    pub fn reinstate(&self, user: &str) {
        let subject = self.signer.subject(user);
        self.change(|barred| barred.reinstate(&subject));
    }

    /// Bars a user from one broadcast; their tokens for it are worth nothing at once.
    pub fn block(&self, broadcast: &str, user: &str) {
        let subject = self.signer.subject(user);
        self.change(|barred| barred.block(broadcast, subject));
        self.narrowed();
    }

    /// Lets a blocked user in again.
    pub fn unblock(&self, broadcast: &str, user: &str) {
        let subject = self.signer.subject(user);
        self.change(|barred| barred.unblock(broadcast, &subject));
    }

    /// Voids the tokens that a user has for `broadcast` at `now`, in seconds since 1970, without barring the
    /// user: whoever may not have another has nothing.
    pub fn recall(&self, broadcast: &str, user: &str, now: u64) {
        let (subject, until) = (self.signer.subject(user), now + TOKEN_LIFE.as_secs());
        self.change(|barred| barred.recall(broadcast, subject, until, now));
        self.narrowed();
    }

    /// Bars whom an earlier process barred: `suspended` everywhere, each of `blocked` from its broadcast.
    pub fn load<'a>(
        &self,
        suspended: impl IntoIterator<Item = &'a str>,
        blocked: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let mut barred = Barred::default();
        suspended.into_iter().for_each(|user| barred.suspend(self.signer.subject(user)));
        blocked.into_iter().for_each(|(of, user)| barred.block(of, self.signer.subject(user)));
        self.barred.store(Arc::new(barred));
        self.narrowed();
    }

    /// Whether a user is barred from `broadcast`, there or everywhere.
    pub fn bars(&self, broadcast: &str, user: &str) -> bool {
        self.barred.load().holds(broadcast, &self.signer.subject(user))
    }

    /// Whether the HLS of a broadcast for `audience` is signed.
    pub fn signs(&self, audience: Audience) -> bool {
        match self.policy {
            Policy::Always => true,
            Policy::Private => audience == Audience::Members,
            Policy::Off => false,
        }
    }

    /// What lets `listener` (a user's id; `None` for a guest) hear `broadcast` for [`TOKEN_LIFE`] from `now`.
    /// Whether they may is for the caller to know.
    pub fn grant(
        &self,
        broadcast: &str,
        listener: Option<&str>,
        now: u64,
    ) -> Result<Grant, getrandom::Error> {
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce)?;
        let subject = if let Some(user) = listener {
            self.signer.subject(user)
        } else {
            let mut random = [0; 16];
            getrandom::fill(&mut random)?;
            Subject::guest(random)
        };
        let expires = now + TOKEN_LIFE.as_secs();
        let token = self.signer.sign(broadcast, Claims { subject, expires }, nonce);
        Ok(Grant { token, expires, broadcast: broadcast.to_owned() })
    }

    /// As whom the tokens of an account name it.
    pub fn subject(&self, account: &str) -> Subject {
        self.signer.subject(account)
    }

    /// Lets a request for media of `broadcast` in at `now`, or says why not. Allocates nothing.
    pub fn admit(
        &self,
        broadcast: &str,
        shown: Shown<'_>,
        headers: &HeaderMap,
        now: impl FnOnce() -> u64,
    ) -> Result<Pass, Refused> {
        if let Shown::InPath(token) = shown {
            return self.by_token(broadcast, token, Place::Path, now());
        }
        if self.is_open(broadcast) {
            return Ok(Pass::Open);
        }
        if self.edge.as_ref().is_some_and(|edge| edge.vouches(headers)) {
            return Ok(Pass::Edge);
        }
        let now = now();
        let mut refused = None;
        for token in cookies(headers) {
            match self.by_token(broadcast, token, Place::Cookie, now) {
                Ok(pass) => return Ok(pass),
                Err(reason) => refused = Some(reason),
            }
        }
        Err(refused.unwrap_or_else(|| {
            if self.everybodys.load().contains(broadcast) { Refused::Unsigned } else { Refused::Hidden }
        }))
    }

    /// Whether `pass` still lets in. A token that ran out since does: what it opened goes on.
    pub(super) fn holds(&self, broadcast: &str, pass: Pass) -> bool {
        match pass {
            Pass::Open => self.is_open(broadcast),
            Pass::Edge => true,
            Pass::Signed(claims, _) => !self.barred.load().voids(broadcast, &claims),
        }
    }

    /// Changes whenever a [`Pass`] may have become worthless.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    fn is_open(&self, broadcast: &str) -> bool {
        match self.policy {
            Policy::Off => true,
            Policy::Private => self.everybodys.load().contains(broadcast),
            Policy::Always => false,
        }
    }

    fn by_token(&self, broadcast: &str, token: &str, place: Place, now: u64) -> Result<Pass, Refused> {
        let claims = self.signer.verify(broadcast, token, now)?;
        if self.barred.load().voids(broadcast, &claims) {
            return Err(Refused::Barred);
        }
        Ok(Pass::Signed(claims, place))
    }

    fn change(&self, change: impl Fn(&mut Barred)) {
        self.barred.rcu(|before| {
            let mut after = Barred::clone(before);
            change(&mut after);
            after
        });
    }

    fn narrowed(&self) {
        self.epoch.fetch_add(1, Ordering::Release);
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn gate(policy: Policy) -> Arc<Gate> {
        let gate = Gate::new(policy, &Secret::new("secret".to_owned()));
        gate.tell("public", Audience::Everybody);
        gate
    }

    fn asks(gate: &Gate, broadcast: &str, shown: Shown<'_>) -> Result<Pass, Refused> {
        gate.admit(broadcast, shown, &HeaderMap::new(), || NOW)
    }

    #[test]
    fn what_the_gate_was_not_told_of_is_not_open() {
        let gate = gate(Policy::Private);
        assert_eq!(asks(&gate, "public", Shown::Plain), Ok(Pass::Open));
        assert_eq!(asks(&gate, "unknown", Shown::Plain), Err(Refused::Hidden));
        gate.tell("public", Audience::Members);
        assert_eq!(asks(&gate, "public", Shown::Plain), Err(Refused::Hidden));
    }

    #[test]
    fn always_means_public_ones_too_and_says_what_to_do() {
        let gate = gate(Policy::Always);
        assert_eq!(asks(&gate, "public", Shown::Plain), Err(Refused::Unsigned));
        assert_eq!(asks(&gate, "private", Shown::Plain), Err(Refused::Hidden));
        assert!(gate.signs(Audience::Everybody) && gate.signs(Audience::Members));
    }

    #[test]
    fn off_means_nothing_is_signed() {
        assert_eq!(asks(&gate(Policy::Off), "private", Shown::Plain), Ok(Pass::Open));
        assert!(!gate(Policy::Off).signs(Audience::Members));
    }

    #[test]
    fn a_token_lets_in_by_path_and_by_cookie() {
        let gate = gate(Policy::Private);
        let grant = gate.grant("private", Some("ann"), NOW).unwrap();
        let by_path = asks(&gate, "private", Shown::InPath(&grant.token)).unwrap();
        assert!(matches!(by_path, Pass::Signed(Claims { expires, .. }, Place::Path) if expires == NOW + 60));
        let mut headers = HeaderMap::new();
        let pair = grant.cookie(Scheme::Https).split(';').next().unwrap().to_owned();
        headers.insert(COOKIE, format!("onair_play=stale; {pair}").parse().unwrap());
        let by_cookie = gate.admit("private", Shown::Plain, &headers, || NOW).unwrap();
        assert!(matches!(by_cookie, Pass::Signed(_, Place::Cookie)));
        let late = gate.admit("private", Shown::Plain, &headers, || NOW + 60);
        assert_eq!(late, Err(Refused::Token(TokenError::Expired)));
        assert_eq!(asks(&gate, "other", Shown::InPath(&grant.token)), Err(Refused::Token(TokenError::Wrong)));
    }

    #[test]
    fn a_ban_holds_at_once_for_a_token_that_is_still_good() {
        let gate = gate(Policy::Private);
        let ann = gate.grant("private", Some("ann"), NOW).unwrap();
        let bob = gate.grant("private", Some("bob"), NOW).unwrap();
        let hears = |grant: &Grant| asks(&gate, "private", Shown::InPath(&grant.token));
        gate.block("private", "ann");
        assert_eq!(hears(&ann), Err(Refused::Barred));
        assert!(hears(&bob).is_ok() && gate.bars("private", "ann") && !gate.bars("public", "ann"));
        gate.unblock("private", "ann");
        assert!(hears(&ann).is_ok());
        gate.suspend("ann");
        assert_eq!(hears(&ann), Err(Refused::Barred));
        assert!(gate.bars("public", "ann"));
        gate.reinstate("ann");
        assert!(hears(&ann).is_ok());
    }

    #[test]
    fn what_was_recalled_is_void_and_what_is_granted_later_is_not() {
        let gate = gate(Policy::Private);
        let hears = |grant: &Grant, broadcast: &str| {
            gate.admit(broadcast, Shown::InPath(&grant.token), &HeaderMap::new(), || NOW).is_ok()
        };
        let before = gate.grant("private", Some("ann"), NOW).unwrap();
        let elsewhere = gate.grant("other", Some("ann"), NOW).unwrap();
        gate.recall("private", "ann", NOW);
        assert!(!hears(&before, "private") && hears(&elsewhere, "other") && !gate.bars("private", "ann"));
        let after = gate.grant("private", Some("ann"), NOW + 1).unwrap();
        assert!(hears(&after, "private"));
        gate.recall("private", "bob", NOW + 61);
        assert!(hears(&before, "private"), "forgotten, since it would have run out by then");
    }

    #[test]
    fn whom_an_earlier_process_barred_stays_barred() {
        let gate = gate(Policy::Private);
        gate.load(["ann"], [("private", "bob")]);
        assert!(gate.bars("private", "ann") && gate.bars("other", "ann"));
        assert!(gate.bars("private", "bob") && !gate.bars("other", "bob"));
    }

    #[test]
    fn the_cookie_is_for_this_broadcast_and_no_script() {
        let grant = gate(Policy::Private).grant("private", None, NOW).unwrap();
        let token = &grant.token;
        assert_eq!(
            grant.cookie(Scheme::Https),
            format!("onair_play={token}; Path=/live/private/; Max-Age=60; HttpOnly; SameSite=Strict; Secure")
        );
        assert!(!grant.cookie(Scheme::Http).contains("Secure"));
        assert_eq!(grant.prefix(), format!("/s/{token}/live/private/"));
    }

    #[test]
    fn an_edge_that_checked_a_token_is_let_in_and_nobody_else_is() {
        let edge = EdgeSecret::new(&Secret::new("the edge's own secret".to_owned()));
        let gate = Gate::behind(Some(edge), Policy::Private, &Secret::new("secret".to_owned()));
        let mut headers = HeaderMap::new();
        headers.insert("x-onair-signed", "1".parse().unwrap());
        assert_eq!(gate.admit("private", Shown::Plain, &headers, || NOW), Err(Refused::Hidden));
        headers.insert("x-onair-edge", "the edge's own secret".parse().unwrap());
        assert_eq!(gate.admit("private", Shown::Plain, &headers, || NOW), Ok(Pass::Edge));
        assert!(gate.holds("private", Pass::Edge));
        let alone = Gate::new(Policy::Private, &Secret::new("secret".to_owned()));
        assert_eq!(alone.admit("private", Shown::Plain, &headers, || NOW), Err(Refused::Hidden));
    }
}
