//! Which ICE session a `PATCH` is about, and what becomes of it (RFC 9725, 4.3).

use http::HeaderValue;
use rtc::{Credentials, Fragment};

/// The ICE session that a WebRTC session is in; a restart replaces it.
#[derive(Clone, Debug)]
pub struct IceSession {
    /// By what the client's checks are known.
    theirs: String,
    /// By what ours are, which names the ICE session too.
    ours: String,
    /// The section that carries the transport, and where we are; a restart changes neither.
    mid: String,
    candidates: Vec<String>,
    /// What was answered to the restart that began it, where one did.
    answer: Option<Fragment>,
}

/// What a `PATCH` asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Patch {
    /// It tells candidates. An ICE-lite endpoint needs none.
    Trickle,
    /// ICE begins anew, with these credentials of the client.
    Restart(Credentials),
    /// ICE has begun anew with these credentials already, and this was the answer: it was lost on its way.
    Again(Fragment),
}

/// Why a `PATCH` is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// It does not say which ICE session it is about: 428.
    #[error("If-Match is missing: send the ETag for candidates, or * to restart ICE")]
    Unmatched,
    /// That ICE session is over: 412.
    #[error("the ETag in If-Match is not this session's any more: ICE was restarted")]
    Outdated,
    /// It has other credentials than the ICE session that it names: 422.
    #[error("ice-ufrag is not this ICE session's; to restart ICE send If-Match: *")]
    OtherCredentials,
}

impl IceSession {
    /// The first one of a WebRTC session: the client's user name fragment and ours, and the SDP of our answer.
    pub fn new(theirs: &str, ours: &str, answer: &str) -> Self {
        let candidates = answer.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
        let mid = answer.lines().find_map(|line| line.strip_prefix("a=mid:"));
        Self {
            theirs: theirs.to_owned(),
            ours: ours.to_owned(),
            mid: mid.unwrap_or_default().to_owned(),
            candidates: candidates.map(str::to_owned).collect(),
            answer: None,
        }
    }

    /// Begins anew with these credentials; what the client is told.
    pub fn restart(&mut self, theirs: &Credentials, ours: Credentials) -> Fragment {
        theirs.ufrag().clone_into(&mut self.theirs);
        ours.ufrag().clone_into(&mut self.ours);
        let answer = Fragment::restarted(ours, &self.mid, self.candidates.clone());
        self.answer = Some(answer.clone());
        answer
    }

    /// Its strong entity tag.
    pub fn tag(&self) -> HeaderValue {
        HeaderValue::try_from(self.quoted()).expect("a user name fragment is made of ICE characters")
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.ours)
    }

    /// What `fragment` asks for, sent with these values of `If-Match`.
    pub fn decide<'a>(
        &self,
        if_match: impl IntoIterator<Item = &'a HeaderValue>,
        fragment: &Fragment,
    ) -> Result<Patch, PatchError> {
        let ours = self.quoted();
        let (mut said, mut anything, mut matched) = (false, false, false);
        for value in if_match {
            said = true;
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                // The RFC's examples put the star into quotes.
                anything |= tag == "*" || tag == "\"*\"";
                matched |= tag == ours;
            }
        }
        if !said {
            return Err(PatchError::Unmatched);
        }
        if !matched && !anything {
            return Err(PatchError::Outdated);
        }
        match fragment.credentials() {
            None => Ok(Patch::Trickle),
            Some(theirs) if theirs.ufrag() == self.theirs => {
                let answer = self.answer.clone().filter(|_| anything);
                Ok(answer.map_or(Patch::Trickle, Patch::Again))
            }
            Some(theirs) if anything => Ok(Patch::Restart(theirs.clone())),
            Some(_) => Err(PatchError::OtherCredentials),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(ufrag: &str) -> Fragment {
        Fragment::parse(&format!("a=ice-ufrag:{ufrag}\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n")).unwrap()
    }

    fn session() -> IceSession {
        let answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 8189 typ host\r\n";
        IceSession::new("EsAw", "ours", answer)
    }

    fn credentials(ufrag: &str) -> Credentials {
        fragment(ufrag).credentials().unwrap().clone()
    }

    fn candidates() -> Fragment {
        Fragment::parse("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=end-of-candidates\r\n").unwrap()
    }

    fn asked(session: &IceSession, if_match: &[&str], fragment: &Fragment) -> Result<Patch, PatchError> {
        let values: Vec<_> = if_match.iter().map(|value| HeaderValue::from_str(value).unwrap()).collect();
        session.decide(&values, fragment)
    }

    #[test]
    fn candidates_are_of_the_session_that_the_tag_names() {
        let session = session();
        assert_eq!(session.tag(), "\"ours\"");
        for if_match in
            [&["\"ours\""][..], &["\"other\", \"ours\""], &["\"other\"", "\"ours\""], &["*"], &["\"*\""]]
        {
            assert_eq!(asked(&session, if_match, &candidates()), Ok(Patch::Trickle), "{if_match:?}");
            assert_eq!(asked(&session, if_match, &fragment("EsAw")), Ok(Patch::Trickle), "{if_match:?}");
        }
        assert_eq!(asked(&session, &[], &candidates()), Err(PatchError::Unmatched));
        for wrong in ["\"other\"", "W/\"ours\"", "ours", ""] {
            assert_eq!(asked(&session, &[wrong], &candidates()), Err(PatchError::Outdated), "{wrong:?}");
        }
    }

    #[test]
    fn new_credentials_restart_whatever_session_there_is_and_no_named_one() {
        let session = session();
        assert_eq!(asked(&session, &["*"], &fragment("newU")), Ok(Patch::Restart(credentials("newU"))));
        assert_eq!(asked(&session, &["\"ours\""], &fragment("newU")), Err(PatchError::OtherCredentials));
        assert_eq!(asked(&session, &["\"other\""], &fragment("newU")), Err(PatchError::Outdated));
    }

    #[test]
    fn after_a_restart_the_old_tag_is_outdated_and_a_lost_answer_is_given_again() {
        let mut session = session();
        let answer = session.restart(&credentials("newU"), credentials("next"));
        assert_eq!(
            (answer.mid(), answer.candidates()),
            ("0", &["1 1 udp 1 192.0.2.1 8189 typ host".to_owned()][..])
        );
        assert_eq!(session.tag(), "\"next\"");
        assert_eq!(asked(&session, &["\"ours\""], &candidates()), Err(PatchError::Outdated));
        assert_eq!(asked(&session, &["\"next\""], &fragment("newU")), Ok(Patch::Trickle));
        assert_eq!(asked(&session, &["*"], &fragment("newU")), Ok(Patch::Again(answer.clone())));
        assert_eq!(asked(&session, &["*"], &candidates()), Ok(Patch::Trickle));
    }
}
