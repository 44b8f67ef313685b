//! Lies about the transport: answers that are no JSON, never come, never end, or are far too long.
//!
//! Whatever takes long is bounded in bytes and in time, and ends at once when the reader hangs up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use tokio::time::{Interval, interval};

use super::{EVERY, Kind, Lie};

/// What is wrong with the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransportLie {
    Dead,
    DeepJson,
    Drip,
    DuplicateKeys,
    Endless,
    Garbage,
    Hang,
    Huge,
    InvalidJson,
    InvalidText,
    Redirect,
    Slow,
    Truncated,
}

const fn lie(name: &'static str, lie: TransportLie, doc: &'static str) -> Lie {
    Lie { name, doc, schemes: EVERY, kind: Kind::Transport(lie) }
}

pub(super) const LIES: [Lie; 13] = [
    lie("dead", TransportLie::Dead, "Answers HTTP 503 to everything."),
    lie("deep-json", TransportLie::DeepJson, "Answers with a hundred thousand nested arrays."),
    lie(
        "drip",
        TransportLie::Drip,
        "Sends the true answer a byte every half second, for ten minutes at most.",
    ),
    lie(
        "duplicate-keys",
        TransportLie::DuplicateKeys,
        "Gives every answer a second result behind the true one.",
    ),
    lie("endless", TransportLie::Endless, "Sends digits without end, for 4 GiB or ten minutes at most."),
    lie("garbage", TransportLie::Garbage, "Answers with a web page."),
    lie("hang", TransportLie::Hang, "Takes requests and never answers, for ten minutes at most."),
    lie("huge", TransportLie::Huge, "Answers with 64 MiB."),
    lie("invalid-json", TransportLie::InvalidJson, "Puts a comma too many into every answer."),
    lie("invalid-text", TransportLie::InvalidText, "Puts a byte into every answer that is not UTF-8."),
    lie("redirect", TransportLie::Redirect, "Sends every request on to the same place again."),
    lie("slow", TransportLie::Slow, "Answers five seconds late."),
    lie("truncated", TransportLie::Truncated, "Breaks the connection off in the middle of every answer."),
];

impl TransportLie {
    /// Sends an answer that was honest until now.
    pub(crate) async fn send(self, answer: String) -> Response {
        match self {
            Self::Dead => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Self::DeepJson => json("[".repeat(DEPTH) + &"]".repeat(DEPTH)),
            Self::Drip => {
                let bytes = answer.into_bytes().into_iter().map(|byte| Ok(vec![byte].into()));
                flow(bytes, Some(interval(DRIP)))
            }
            Self::DuplicateKeys => json(answer.replace(r#","result":"#, r#","result":null,"result":"#)),
            Self::Endless => {
                let digits = Bytes::from(vec![b'0'; CHUNK_BYTES]);
                let start = Ok(Bytes::from_static(RESULT_START));
                flow(std::iter::once(start).chain(std::iter::repeat_n(digits, CHUNKS).map(Ok)), None)
            }
            Self::Garbage => GARBAGE.into_response(),
            Self::Hang => {
                tokio::time::sleep(PATIENCE).await;
                StatusCode::GATEWAY_TIMEOUT.into_response()
            }
            Self::Huge => {
                let mut body = RESULT_START.to_vec();
                body.resize(HUGE_BYTES, b'0');
                json(body)
            }
            Self::InvalidJson => json(spoiled(answer, b",}")),
            Self::InvalidText => json(spoiled(answer, b",\"\xff\":0}")),
            Self::Redirect => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/")]).into_response(),
            Self::Slow => {
                tokio::time::sleep(SLOWNESS).await;
                json(answer)
            }
            Self::Truncated => {
                let mut bytes = answer.into_bytes();
                bytes.truncate(bytes.len() / 2);
                // The pause lets the first half out before the end comes.
                flow(
                    [Ok(bytes.into()), Err(io::Error::other("broken off"))].into_iter(),
                    Some(interval(DRIP)),
                )
            }
        }
    }
}

/// Sends what is said to be JSON.
fn json(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// Puts other bytes in place of each answer's end.
fn spoiled(answer: String, end: &[u8]) -> Vec<u8> {
    let mut bytes = answer.into_bytes();
    if let Some(last) = bytes.iter().rposition(|byte| *byte == b'}') {
        bytes.splice(last..=last, end.iter().copied());
    }
    bytes
}

fn flow(
    chunks: impl Iterator<Item = io::Result<Bytes>> + Send + 'static,
    pause: Option<Interval>,
) -> Response {
    let until = Instant::now() + PATIENCE;
    json(Body::from_stream(Flow { chunks: Box::new(chunks), pause, until }))
}

/// A body that is sent piece by piece.
struct Flow {
    chunks: Box<dyn Iterator<Item = io::Result<Bytes>> + Send>,
    pause: Option<Interval>,
    until: Instant,
}

impl Stream for Flow {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.poll_tick(cx));
        }
        if Instant::now() >= self.until {
            return Poll::Ready(None);
        }
        Poll::Ready(self.chunks.next())
    }
}

const DEPTH: usize = 100_000;
const DRIP: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(600);
const SLOWNESS: Duration = Duration::from_secs(5);
const HUGE_BYTES: usize = 64 * 1024 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS: usize = 64 * 1024;
const RESULT_START: &[u8] = br#"{"jsonrpc":"2.0","id":1,"result":"0x"#;
const GARBAGE: &str = "<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>";
