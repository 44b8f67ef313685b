//! Connections: so many at a time, and each with so long to send the head of a request.
//!
//! Whoever opens a connection and says nothing, or a letter now and then, is cut off, also between two requests; beyond the
//! most connections, new ones wait in the system's queue. Defends against clients that hold on to what others need.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::tls::Tls;

/// Serves until `stop` is done, then lets running requests finish, for a while.
pub(crate) async fn serve_connections(
    listener: TcpListener,
    tls: Option<&Tls>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_header_size(MAX_HEAD_BYTES);
    let (places, running) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), GracefulShutdown::new());
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            // The semaphore is never closed; without it there would be no limit, not no server.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, stream) = tokio::select! {
            (place, accepted) = accepted => match accepted {
                Ok((stream, _)) => (place, stream),
                Err(error) => {
                    // The system has no sockets left, or the client is gone already.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let (server, router, watcher) = (server.clone(), router.clone(), running.watcher());
        // Two kinds of tasks, so that the plain one holds no room for a handshake.
        if let Some(acceptor) = tls.map(Tls::acceptor) {
            tokio::spawn(async move {
                match tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => serve_one(&server, stream, router, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a connection without TLS"),
                    Err(_elapsed) => tracing::debug!("a connection that said nothing"),
                }
                drop(place);
            });
        } else {
            tokio::spawn(async move {
                serve_one(&server, stream, router, watcher).await;
                drop(place);
            });
        }
    }
    drop(listener);
    // Whoever has not finished by then is cut off when the process ends.
    let _out_of_patience = tokio::time::timeout(STOP_TIMEOUT, running.shutdown()).await;
}

async fn serve_one(
    server: &http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    router: Router,
    watcher: Watcher,
) {
    let service = TowerToHyperService::new(router);
    if let Err(error) = watcher.watch(server.serve_connection(TokioIo::new(stream), service)).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// How long the head of a request may take to arrive, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Four signed fields of 512 bytes, and what browsers send besides.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// Connections at a time.
const MAX_CONNECTIONS: usize = 4096;
/// How long to wait when the system gives no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long running requests may take to finish when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
