//! Thousands of clients that send a byte now and then, and some that send bodies without end: what the gatekeeper holds of
//! all that in memory.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::stack::Stack;

/// What the gatekeeper bore.
pub(crate) struct Hostile {
    pub(crate) clients: usize,
    pub(crate) refused_bodies: usize,
    pub(crate) peak_mib: f64,
}

pub(crate) async fn run(stack: &Stack) -> Hostile {
    let mut slow = JoinSet::new();
    for number in 0..SLOW {
        let address = stack.listen.clone();
        slow.spawn(async move {
            let Ok(mut stream) = TcpStream::connect(&address).await else { return false };
            // Half of them never end their head, the others their body.
            let head = if number % 2 == 0 { "POST /v1/call HTTP/1.1\r\nhost: a\r\n" } else { WHOLE_HEAD };
            let mut is_sent = stream.write_all(head.as_bytes()).await.is_ok();
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(250)).await;
                is_sent &= stream.write_all(b"a").await.is_ok();
            }
            is_sent
        });
    }
    let mut bodies = JoinSet::new();
    for _ in 0..BODIES {
        let address = stack.listen.clone();
        bodies.spawn(async move { endless(&address).await.is_none_or(|status| status == 413) });
    }
    let refused_bodies = bodies.join_all().await.into_iter().filter(|is_refused| *is_refused).count();
    let clients = slow.join_all().await.len();
    Hostile { clients, refused_bodies, peak_mib: peak_mib(stack.gatekeeper_id()) }
}

/// Sends a gibibyte for as long as somebody takes it; the status of the answer, if there is one.
async fn endless(address: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream
        .write_all(b"POST /v1/call HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\n\r\n")
        .await
        .ok()?;
    let chunk = vec![b'a'; 1 << 20];
    for _ in 0..1024 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    std::str::from_utf8(&answer).ok()?.split(' ').nth(1)?.parse().ok()
}

/// The most memory that the process ever held.
fn peak_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

const WHOLE_HEAD: &str = "POST /v1/call HTTP/1.1\r\nhost: a\r\ncontent-length: 60000\r\n\r\n";
const SLOW: usize = 2_000;
const BODIES: usize = 8;
