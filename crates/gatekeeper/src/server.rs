//! The HTTP edge: one path for calls; health, metrics and a description of all this beside it.
//!
//! Bounded in every direction: body size and the time it may take to arrive, calls at a time, the time for an answer.
//! Any page may ask (`Access-Control-Allow-Origin: *`), because nothing here rests on cookies or origins: a request is
//! as good as its signature.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use protocol::answer::RefusalCode;
use protocol::request::{CALL_PATH, HttpParts, MAX_BODY};
use serde_json::json;
use sources::Source;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;

use crate::connections::serve_connections;
use crate::gatekeeper::{Gatekeeper, Reply};
use crate::intake::{IntakeError, take_in};
use crate::refusal::Refused;
use crate::store::Imported;
use crate::tls::Tls;

/// Serves until `stop` is done, then lets running calls finish, for a while; with TLS if there is a certificate.
pub async fn serve(
    gatekeeper: Arc<Gatekeeper>,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    stop: impl Future<Output = ()>,
) {
    let mut background = JoinSet::new();
    if let Some(tls) = tls.clone() {
        background.spawn(async move { tls.renew().await });
    }
    background.spawn(follow_chain(gatekeeper.clone()));
    background.spawn(publish(gatekeeper.clone()));
    background.spawn(anchor(gatekeeper.clone()));
    background.spawn(read_source(gatekeeper.clone()));
    serve_connections(listener, tls.as_deref(), router(gatekeeper.clone()), stop).await;
    background.shutdown().await;
    if let Err(error) = gatekeeper.leave_duty().await {
        tracing::warn!(%error, "another process over this database waits for a minute before it goes on");
    }
}

/// The routes of a gatekeeper.
pub fn router(gatekeeper: Arc<Gatekeeper>) -> Router {
    let signed = ["signature", "signature-input", "content-digest"].map(HeaderName::from_static);
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST, Method::GET])
        .allow_headers([vec![header::CONTENT_TYPE], signed.to_vec()].concat())
        .expose_headers(signed)
        .max_age(CORS_MAX_AGE);
    Router::new()
        .route(CALL_PATH, post(call))
        .route("/v1/health", get(health))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
        .fallback(async || Reply::problem(404, "there is nothing at this path"))
        .method_not_allowed_fallback(async || Reply::problem(405, "this path does not take this method"))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_TIMEOUT))
        .layer(cors)
        .with_state(gatekeeper)
}

async fn call(State(gatekeeper): State<Arc<Gatekeeper>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let headers: Vec<(&str, &[u8])> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let parts = HttpParts {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query(),
        headers: &headers,
    };
    let reply = match read_body(body).await {
        Ok(body) => gatekeeper.answer(&parts, &body).await,
        Err(refused) => {
            gatekeeper.metrics().count(Some(refused.code()));
            gatekeeper.refuse(&parts, &refused)
        }
    };
    reply.into_response()
}

/// Reads a body that is neither too long nor too slow.
async fn read_body(body: Body) -> Result<axum::body::Bytes, Refused> {
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        // A body that broke off has nobody left to read this.
        Ok(Err(_)) => {
            let limit = format!("at most {MAX_BODY} bytes");
            Err(Refused::new(RefusalCode::TooLarge, "the body is too large").with(limit, "more"))
        }
        Err(_) => Err(Refused::new(RefusalCode::Malformed, "the body did not arrive in time")),
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let fields = response.headers_mut();
        for (name, value) in self.headers {
            // Our own header values are visible ASCII.
            if let Ok(value) = HeaderValue::try_from(value) {
                fields.insert(HeaderName::from_static(name), value);
            }
        }
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

async fn health(State(gatekeeper): State<Arc<Gatekeeper>>) -> Response {
    let standing = gatekeeper.standing();
    let is_ready = standing.is_some_and(|standing| !standing.is_stale);
    let body = json!({
        "status": if is_ready { "ready" } else { "waiting for the chain" },
        "steward": gatekeeper.address().to_string(),
        "block": standing.map(|standing| standing.block),
        "blockAgeSeconds": standing.map(|standing| standing.age),
    });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn metrics(State(gatekeeper): State<Arc<Gatekeeper>>) -> Response {
    let text = gatekeeper.metrics().to_text(gatekeeper.standing());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// What there is to call, for programs that write clients.
async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// Follows the chain, one look per block period.
async fn follow_chain(gatekeeper: Arc<Gatekeeper>) {
    let period =
        Duration::from_secs(gatekeeper.chain().network().rules.schedule.latest().block_period.max(1));
    loop {
        if let Err(error) = gatekeeper.chain().sync().await {
            tracing::warn!(code = error.code(), %error, "sync failed");
        }
        tokio::time::sleep(period).await;
    }
}

/// Whether it is up to this process, of several over one database.
async fn is_on_duty(gatekeeper: &Gatekeeper) -> bool {
    gatekeeper.is_on_duty().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "whose duty it is cannot be told");
        false
    })
}

/// Publishes record sets that are new or were lost on the way, and forgets old nonces.
async fn publish(gatekeeper: Arc<Gatekeeper>) {
    loop {
        tokio::time::sleep(PUBLISH_PERIOD).await;
        if gatekeeper.standing().is_some()
            && is_on_duty(&gatekeeper).await
            && let Err(error) = gatekeeper.publish().await
        {
            tracing::warn!(%error, "publishing failed");
        }
        if let Err(error) = gatekeeper.forget_nonces().await {
            tracing::warn!(%error, "old nonces could not be forgotten");
        }
    }
}

/// Reads the source again and again, if there is one.
async fn read_source(gatekeeper: Arc<Gatekeeper>) {
    let Some(description) = gatekeeper.config().source.clone() else { return };
    let period = Duration::from_secs(gatekeeper.config().source_seconds);
    loop {
        if !is_on_duty(&gatekeeper).await {
            tokio::time::sleep(DUTY_PERIOD).await;
            continue;
        }
        let (description, now) = (description.clone(), gatekeeper.now());
        let read = gatekeeper.store().run(move |store| {
            take_in(&mut Source::load(&description, now).map_err(IntakeError::from)?, store, &[])
        });
        match read.await {
            Ok(intake) => {
                for (place, error) in &intake.refused {
                    tracing::warn!(place, %error, "a record of a patient was refused");
                }
                let Imported { added, replaced, removed, .. } = intake.records;
                tracing::debug!(patients = intake.patients, added, replaced, removed, "source read");
            }
            Err(error) => tracing::warn!(%error, "the source could not be read"),
        }
        tokio::time::sleep(period).await;
    }
}

/// Anchors the access logs.
async fn anchor(gatekeeper: Arc<Gatekeeper>) {
    let period = Duration::from_secs(gatekeeper.config().anchor_seconds);
    loop {
        tokio::time::sleep(period).await;
        if gatekeeper.standing().is_some()
            && is_on_duty(&gatekeeper).await
            && let Err(error) = gatekeeper.anchor().await
        {
            tracing::warn!(%error, "access logs could not be anchored");
        }
    }
}

/// See docs/gatekeeper-protocol.md for what is behind it.
const OPENAPI: &str = include_str!("../openapi.json");
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Browsers ask at most this often whether they may send our header fields.
const CORS_MAX_AGE: Duration = Duration::from_secs(7200);
/// How often a process without duty looks whether it has it.
const DUTY_PERIOD: Duration = Duration::from_secs(5);
/// How often the store is compared with the chain.
const PUBLISH_PERIOD: Duration = Duration::from_secs(2);
