//! Requests sent at their moments over connections that stay open, and what came back when.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::HttpAnswer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::stack::Request;

/// So many requests a second, for so long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) rate: f64,
    pub(crate) seconds: f64,
}

impl Offer {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten thousand")]
    pub(crate) fn count(self) -> usize {
        (self.rate * self.seconds) as usize
    }
}

/// What came of one request.
pub(crate) struct Answered {
    pub(crate) number: usize,
    /// From the moment at which it should have been sent.
    pub(crate) after: Duration,
    /// `None` if the connection broke.
    pub(crate) http: Option<HttpAnswer>,
}

/// What came of all.
pub(crate) struct Load {
    pub(crate) offer: Offer,
    pub(crate) answers: Vec<Answered>,
    generator: Duration,
}

impl Load {
    #[allow(clippy::cast_precision_loss, reason = "some ten thousand")]
    pub(crate) fn count(&self) -> f64 {
        self.offer.count() as f64
    }

    /// Latency in milliseconds; what was not answered with 200 took for ever.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let mut millis: Vec<f64> = self
            .answers
            .iter()
            .map(|answer| if answer.is_good() { answer.after.as_secs_f64() * 1000.0 } else { f64::INFINITY })
            .collect();
        millis.sort_unstable_by(f64::total_cmp);
        let place = ((self.count() * share) as usize).min(self.offer.count() - 1);
        millis.get(place).copied().unwrap_or(f64::INFINITY)
    }

    /// How many were answered with 200 within a time.
    #[allow(clippy::cast_precision_loss, reason = "some ten thousand")]
    pub(crate) fn answered_within(&self, limit: Duration) -> f64 {
        self.answers.iter().filter(|answer| answer.is_good() && answer.after <= limit).count() as f64
    }

    /// The share of the machine's processor time that this program took meanwhile.
    #[allow(clippy::cast_precision_loss, reason = "a few cores")]
    pub(crate) fn generator_share(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        self.generator.as_secs_f64() / self.offer.seconds / cores
    }
}

impl Answered {
    fn is_good(&self) -> bool {
        self.http.as_ref().is_some_and(|answer| answer.status == 200)
    }
}

/// A request as it goes over the wire.
pub(crate) fn http(host: &str, request: &Request) -> Vec<u8> {
    let mut head =
        format!("POST /v1/call HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n", request.body.len());
    for (name, value) in &request.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    [head.as_bytes(), b"\r\n", &request.body].concat()
}

/// Sends each request at its moment, or as soon after it as a connection is free.
pub(crate) async fn run(address: &str, requests: Vec<Vec<u8>>, offer: Offer) -> Load {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut connections = JoinSet::new();
    let before = processor_time();
    let start = Instant::now() + Duration::from_millis(50);
    for _ in 0..CONNECTIONS {
        let (requests, next, address) = (requests.clone(), next.clone(), address.to_owned());
        connections.spawn(async move {
            let mut answers = Vec::new();
            let mut stream = None;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(number) else { return answers };
                #[allow(clippy::cast_precision_loss, reason = "some ten thousand")]
                let moment = start + Duration::from_secs_f64(number as f64 / offer.rate);
                tokio::time::sleep_until(moment.into()).await;
                let http = exchange(&mut stream, &address, request).await;
                answers.push(Answered { number, after: moment.elapsed(), http });
            }
        });
    }
    let answers = connections.join_all().await.into_iter().flatten().collect();
    Load { offer, answers, generator: processor_time().saturating_sub(before) }
}

/// One request and its answer; the connection is kept unless it broke.
async fn exchange(kept: &mut Option<TcpStream>, address: &str, request: &[u8]) -> Option<HttpAnswer> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address).await.ok()?;
            stream.set_nodelay(true).ok()?;
            stream
        }
    };
    stream.write_all(request).await.ok()?;
    let mut bytes = Vec::with_capacity(8 << 10);
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse::<usize>().ok()?;
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    *kept = Some(stream);
    Some(HttpAnswer { status, headers, body: bytes.split_off(head + 4) })
}

/// Processor time that this process has used, in the kernel's ticks of ten milliseconds.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold anything; user and system time are the 12th and 13th word after it.
    let words = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Duration::from_millis(words.filter_map(|word| word.parse::<u64>().ok()).sum::<u64>() * 10)
}

/// More than a gatekeeper works on at a time, so that too much load reaches it.
const CONNECTIONS: usize = 512;
