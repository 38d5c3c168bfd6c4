//! What the fan-out of one packet costs at the least: AES-128-GCM and `sendto`, and nothing else.
//!
//! The measure for a server's cost on the same machine at the same hour. Receivers have sockets of their own,
//! as listeners do, and somebody on another core reads them: on loopback the kernel delivers in the sender's
//! time, so that is in the figure as it is in the server's.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use mio::{Events, Interest, Poll, Token};
use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::limits;

/// Header of an RTP packet: what is authenticated and not encrypted.
const HEADER: usize = 12;
/// Between two packets of a listener.
const PACE: Duration = Duration::from_millis(20);
/// Bytes of a payload: what fits into one datagram on any path.
const PAYLOAD_MAX: usize = 1200;
/// Receivers: open files.
const RECEIVERS_MAX: usize = 10_000;

/// Who gets what.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Sockets that each get every packet.
    pub receivers: usize,
    /// Bytes that are encrypted. 64 kb/s in 20 ms are 160.
    pub payload: usize,
    /// How long.
    pub duration: Duration,
    /// The core that sends, and the one that reads.
    pub cores: Option<(usize, usize)>,
}

/// What it cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Floor {
    /// Packets that were sent.
    pub packets: u64,
    /// Packets that were read.
    pub received: u64,
    /// CPU of the sending thread for each, µs.
    pub microseconds: f64,
}

/// Sends to all receivers every 20 ms.
///
/// # Errors
/// Options without sense, and whatever the system does not allow.
pub fn run(options: Options) -> anyhow::Result<Floor> {
    if !(1..=RECEIVERS_MAX).contains(&options.receivers) || options.payload > PAYLOAD_MAX {
        bail!("between 1 and {RECEIVERS_MAX} receivers of at most {PAYLOAD_MAX} bytes make sense");
    }
    limits::allow(options.receivers)?;
    let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
    for _ in 0..options.receivers {
        let socket = UdpSocket::bind("127.0.0.1:0").context("no UDP socket")?;
        socket.set_nonblocking(true)?;
        addresses.push(socket.local_addr()?);
        sockets.push(mio::net::UdpSocket::from_std(socket));
    }
    let (done, received) = (AtomicBool::new(false), AtomicU64::new(0));
    let (packets, cpu) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            pin(options.cores.map(|(_, reads)| reads))?;
            read(&mut sockets, &done, &received)
        });
        let sent = pin(options.cores.map(|(sends, _)| sends)).and_then(|()| send(&options, &addresses));
        done.store(true, Ordering::Release);
        match reader.join() {
            Ok(read) => read.and(sent),
            Err(_) => bail!("the reading thread broke"),
        }
    })?;
    Ok(Floor {
        packets,
        received: received.into_inner(),
        microseconds: cpu.as_secs_f64() * 1e6 / packets.max(1) as f64,
    })
}

fn send(options: &Options, addresses: &[std::net::SocketAddr]) -> anyhow::Result<(u64, Duration)> {
    // A key for each, as listeners have: they are part of what the caches hold.
    let keys = (0..addresses.len()).map(|index| {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&(index as u64).to_be_bytes());
        UnboundKey::new(&AES_128_GCM, &key).map(LessSafeKey::new)
    });
    let keys: Vec<_> = keys.collect::<Result<_, _>>().map_err(|_| anyhow::anyhow!("no AES-GCM"))?;
    let socket = UdpSocket::bind("127.0.0.1:0").context("no UDP socket")?;
    let (payload, mut packet) = (vec![0x5a; options.payload], Vec::new());
    let (start, cpu, mut sent) = (Instant::now(), thread_cpu(), 0_u64);
    while start.elapsed() < options.duration {
        for (key, address) in keys.iter().zip(addresses) {
            packet.clear();
            packet.extend_from_slice(&[0x80; HEADER]);
            packet.extend_from_slice(&payload);
            let mut nonce = [0; NONCE_LEN];
            nonce[4..].copy_from_slice(&sent.to_be_bytes());
            let (header, body) = packet.split_at_mut(HEADER);
            let nonce = Nonce::assume_unique_for_key(nonce);
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(header), body);
            packet.extend_from_slice(tag.map_err(|_| anyhow::anyhow!("AES-GCM refused"))?.as_ref());
            socket.send_to(&packet, address).context("a datagram was not taken")?;
            sent += 1;
        }
        let rounds = sent / addresses.len() as u64;
        std::thread::sleep((PACE * rounds as u32).saturating_sub(start.elapsed()));
    }
    Ok((sent, thread_cpu().saturating_sub(cpu)))
}

fn read(sockets: &mut [mio::net::UdpSocket], done: &AtomicBool, received: &AtomicU64) -> anyhow::Result<()> {
    let mut poll = Poll::new().context("no epoll")?;
    for (index, socket) in sockets.iter_mut().enumerate() {
        poll.registry().register(socket, Token(index), Interest::READABLE).context("epoll takes no more")?;
    }
    let (mut events, mut buffer) = (Events::with_capacity(1024), [0; 2048]);
    loop {
        let last = done.load(Ordering::Acquire);
        poll.poll(&mut events, Some(if last { Duration::ZERO } else { PACE })).context("epoll failed")?;
        for event in &events {
            while sockets[event.token().0].recv(&mut buffer).is_ok() {
                received.fetch_add(1, Ordering::Relaxed);
            }
        }
        if last && events.is_empty() {
            return Ok(());
        }
    }
}

fn pin(core: Option<usize>) -> anyhow::Result<()> {
    let Some(core) = core else { return Ok(()) };
    if core >= CpuSet::MAX_CPU {
        bail!("there is no core {core}");
    }
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("core {core} is not to be had"))
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_is_sent_to_every_receiver_and_costs_something() {
        let options = Options { receivers: 3, payload: 160, duration: Duration::ZERO, cores: None };
        let options = Options { duration: Duration::from_millis(1), ..options };
        let floor = run(options).unwrap();
        assert!(floor.packets >= 3 && floor.packets.is_multiple_of(3), "{floor:?}");
        assert_eq!(floor.received, floor.packets);
        assert!(floor.microseconds > 0.0);
    }

    #[test]
    fn receivers_and_payload_have_bounds() {
        let options = Options { receivers: 0, payload: 160, duration: Duration::ZERO, cores: None };
        assert!(run(options).is_err());
        assert!(run(Options { receivers: 1, payload: 1201, ..options }).is_err());
    }
}
