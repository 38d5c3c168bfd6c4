//! The server's side of RTMP's handshake: simple (RTMP 1.0, 5.2) and complex (signed with HMAC-SHA256, as
//! Flash and some hardware encoders do it).

use aws_lc_rs::hmac;

/// Bytes of C1, S1, C2 and S2.
pub const BLOCK: usize = 1_536;
/// The only version there is in the clear; 6 would be RTMPE.
const VERSION: u8 = 3;

const DIGEST: usize = 32;
/// Clients and servers sign with the words first and this behind them second.
const GENUINE: &[u8; 32] = b"\xf0\xee\xc2\x4a\x80\x68\xbe\xe8\x2e\x00\xd0\xd1\x02\x9e\x7e\x57\
    \x6e\xec\x5d\x2d\x29\x80\x6f\xab\x93\xb8\xe6\x36\xcf\xeb\x31\xae";
const CLIENT_WORDS: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER_WORDS: &[u8] = b"Genuine Adobe Flash Media Server 001";
/// What S1 says about the server: Flash Media Server 3.5.1.1, which clients know to sign.
const SERVER_VERSION: [u8; 4] = [3, 5, 1, 1];

/// Reads C0, C1 and C2, answers with S0, S1 and S2. Holds at most [`BLOCK`] + 1 bytes.
#[derive(Debug)]
pub struct Handshake {
    nonce: [u8; 32],
    /// C0 and C1 as far as they have come.
    received: Vec<u8>,
    /// Bytes of C2 still to be read past.
    c2_left: usize,
    answered: bool,
}

/// The bytes are no RTMP handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an RTMP handshake: version {version}")]
pub struct HandshakeError {
    /// The first byte; `G` and `P` are HTTP, 0x16 is TLS.
    pub version: u8,
}

impl Handshake {
    /// A handshake whose random part is made from `nonce`.
    pub fn new(nonce: [u8; 32]) -> Self {
        Self { nonce, received: Vec::new(), c2_left: BLOCK, answered: false }
    }

    /// Takes what belongs to the handshake off the front of `input`, and appends the answer to `output` when
    /// C1 is whole. True when the handshake is over.
    pub fn read(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> Result<bool, HandshakeError> {
        if !self.answered {
            let wanted = (1 + BLOCK - self.received.len()).min(input.len());
            let (head, rest) = input.split_at(wanted);
            self.received.extend_from_slice(head);
            *input = rest;
            if let Some(&version) = self.received.first()
                && version != VERSION
            {
                return Err(HandshakeError { version });
            }
            if self.received.len() < 1 + BLOCK {
                return Ok(false);
            }
            self.answer(output);
            self.received = Vec::new();
            self.answered = true;
        }
        // C2 echoes S1. Encoders exist that echo something else, so it is read past.
        let skipped = self.c2_left.min(input.len());
        *input = &input[skipped..];
        self.c2_left -= skipped;
        Ok(self.c2_left == 0)
    }

    fn answer(&self, output: &mut Vec<u8>) {
        let c1 = &self.received[1..];
        output.push(VERSION);
        let mut s1 = self.random_block();
        s1[..8].fill(0);
        let signature = (c1[4..8] != [0; 4]).then(|| find_digest(c1)).flatten();
        if let Some((scheme, challenge)) = signature {
            s1[4..8].copy_from_slice(&SERVER_VERSION);
            let offset = scheme.digest_offset(&s1);
            let digest = sign(SERVER_WORDS, &[&s1[..offset], &s1[offset + DIGEST..]]);
            s1[offset..offset + DIGEST].copy_from_slice(&digest);
            output.extend_from_slice(&s1);

            let key = sign(&[SERVER_WORDS, GENUINE].concat(), &[&challenge]);
            let body = &self.random_block()[..BLOCK - DIGEST];
            output.extend_from_slice(body);
            output.extend_from_slice(&sign(&key, &[body]));
        } else {
            output.extend_from_slice(&s1);
            output.extend_from_slice(c1);
        }
    }

    /// [`BLOCK`] bytes that only the nonce's owner can foretell.
    fn random_block(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        for (index, piece) in block.chunks_mut(DIGEST).enumerate() {
            piece.copy_from_slice(&sign(&self.nonce, &[&(index as u32).to_be_bytes()]));
        }
        block
    }
}

/// Where in a block the digest lies: the two layouts in use.
#[derive(Clone, Copy, Debug)]
enum Scheme {
    /// Digest in the first half, key in the second.
    DigestFirst,
    /// Key in the first half, digest in the second.
    KeyFirst,
}

impl Scheme {
    /// The four bytes before a half sum up to the digest's place within it.
    fn digest_offset(self, block: &[u8]) -> usize {
        let base = match self {
            Self::DigestFirst => 8,
            Self::KeyFirst => 772,
        };
        let sum: usize = block[base..base + 4].iter().map(|byte| usize::from(*byte)).sum();
        base + 4 + sum % 728
    }
}

/// The layout whose digest is right in C1, with that digest; `None` for a client that doesn't sign.
fn find_digest(c1: &[u8]) -> Option<(Scheme, [u8; DIGEST])> {
    [Scheme::KeyFirst, Scheme::DigestFirst].into_iter().find_map(|scheme| {
        let offset = scheme.digest_offset(c1);
        let (before, rest) = c1.split_at(offset);
        let (digest, after) = rest.split_at(DIGEST);
        let expected = sign(CLIENT_WORDS, &[before, after]);
        (digest == expected).then_some((scheme, expected))
    })
}

fn sign(key: &[u8], parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simple_c0_c1() -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend([0; 8]);
        bytes.extend((0..BLOCK - 8).map(|index| index as u8));
        bytes
    }

    fn signed_c0_c1(scheme: Scheme) -> Vec<u8> {
        let mut bytes = simple_c0_c1();
        let c1 = &mut bytes[1..];
        c1[4..8].copy_from_slice(&[9, 0, 124, 2]);
        let offset = scheme.digest_offset(c1);
        let digest = sign(CLIENT_WORDS, &[&c1[..offset], &c1[offset + DIGEST..]]);
        c1[offset..offset + DIGEST].copy_from_slice(&digest);
        bytes
    }

    fn answer_to(bytes: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        assert_eq!(Handshake::new([7; 32]).read(&mut &bytes[..], &mut output), Ok(false));
        assert_eq!(output.len(), 1 + 2 * BLOCK);
        output
    }

    #[test]
    fn a_simple_client_gets_its_own_block_back() {
        let answer = answer_to(&simple_c0_c1());
        assert_eq!(answer[0], VERSION);
        assert_eq!(answer[1..9], [0; 8]);
        assert_eq!(answer[1 + BLOCK..], simple_c0_c1()[1..]);
    }

    #[test]
    fn a_signing_client_gets_signed_blocks_in_either_layout() {
        for scheme in [Scheme::KeyFirst, Scheme::DigestFirst] {
            let request = signed_c0_c1(scheme);
            let answer = answer_to(&request);
            let (s1, s2) = answer[1..].split_at(BLOCK);
            let offset = scheme.digest_offset(s1);
            let expected = sign(SERVER_WORDS, &[&s1[..offset], &s1[offset + DIGEST..]]);
            assert_eq!(s1[offset..offset + DIGEST], expected, "{scheme:?}");

            let c1_offset = 1 + scheme.digest_offset(&request[1..]);
            let key = sign(&[SERVER_WORDS, GENUINE].concat(), &[&request[c1_offset..c1_offset + DIGEST]]);
            assert_eq!(s2[BLOCK - DIGEST..], sign(&key, &[&s2[..BLOCK - DIGEST]]), "{scheme:?}");
        }
    }

    #[test]
    fn a_version_without_a_signature_is_answered_simply() {
        let mut request = simple_c0_c1();
        request[5..9].copy_from_slice(&[9, 0, 124, 2]);
        assert_eq!(answer_to(&request)[1 + BLOCK..], request[1..]);
    }

    #[test]
    fn the_bytes_may_come_one_by_one_and_what_follows_is_left() {
        let mut handshake = Handshake::new([7; 32]);
        let mut output = Vec::new();
        let bytes = [simple_c0_c1(), vec![0; BLOCK]].concat();
        for byte in &bytes[..bytes.len() - 1] {
            assert_eq!(handshake.read(&mut std::slice::from_ref(byte), &mut output), Ok(false));
        }
        let mut rest = &b"\0chunk"[..];
        assert_eq!(handshake.read(&mut rest, &mut output), Ok(true));
        assert_eq!(rest, b"chunk");
    }

    #[test]
    fn other_protocols_are_told_by_their_first_byte() {
        let error = Handshake::new([7; 32]).read(&mut &b"GET / HTTP/1.1"[..], &mut Vec::new());
        assert_eq!(error, Err(HandshakeError { version: b'G' }));
    }
}
