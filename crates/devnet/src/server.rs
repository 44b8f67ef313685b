//! The chain behind its HTTP endpoints: JSON-RPC 2.0 over POST, on loopback only, readable from any origin.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_http::cors::{Any, CorsLayer};

use crate::chain::{Chain, ChainError};
use crate::lies::{Lie, Telling};
use crate::rpc::{Params, RpcError, View};
use crate::rules::Rules;

/// How to start the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The folder the chain lives in.
    pub state: PathBuf,
    /// One loopback address per endpoint; port 0 means a free one.
    pub listen: Vec<SocketAddr>,
    /// The chain's settings.
    pub rules: Rules,
    /// Timestamp of the genesis block (UNIX seconds) if the chain is new; the present when nothing is given.
    pub genesis_time: Option<u64>,
    /// When blocks are made.
    pub sealing: Sealing,
}

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// As soon as each is due by the system's clock.
    Clock,
    /// Only by [`Chain::seal_next`]: for tests, which then need not wait.
    Manual,
}

/// A running chain with its endpoints.
#[derive(Debug)]
pub struct Devnet {
    chain: Arc<Chain>,
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<(), DevnetError>>,
}

/// Why the chain did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// The chain itself.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// An endpoint could not listen.
    #[error("{address} cannot be listened on")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An address that others could reach.
    #[error("{0} is not a loopback address: this process holds the keys of all validators")]
    NotLoopback(SocketAddr),
    /// A task ended that should not.
    #[error("a task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// An endpoint stopped serving.
    #[error("an endpoint stopped serving")]
    Serve(#[source] io::Error),
}

impl Devnet {
    /// Opens the chain, starts its endpoints, and goes on sealing.
    ///
    /// # Errors
    /// When the folder cannot be used or an address cannot be listened on.
    pub async fn start(options: Options) -> Result<Self, DevnetError> {
        if let Some(address) = options.listen.iter().find(|address| !address.ip().is_loopback()) {
            return Err(DevnetError::NotLoopback(*address));
        }
        let mut listeners = Vec::new();
        for address in options.listen {
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|source| DevnetError::Listen { address, source })?);
        }
        let genesis_time = options.genesis_time.unwrap_or_else(unix_seconds);
        let opening = move || Chain::open(&options.state, options.rules, genesis_time);
        let chain = Arc::new(tokio::task::spawn_blocking(opening).await??);
        let (stop, stopping) = watch::channel(false);
        let (mut tasks, mut addresses) = (JoinSet::new(), Vec::new());
        for (index, listener) in listeners.into_iter().enumerate() {
            addresses.push(listener.local_addr().map_err(DevnetError::Serve)?);
            let endpoint = Endpoint { chain: chain.clone(), index, lie: RwLock::default() };
            let stopped = wait_for(stopping.clone());
            let serving = axum::serve(listener, router(endpoint)).with_graceful_shutdown(stopped);
            tasks.spawn(async move { serving.await.map_err(DevnetError::Serve) });
        }
        if options.sealing == Sealing::Clock {
            tasks.spawn(seal_on_time(chain.clone(), wait_for(stopping)));
        }
        Ok(Self { chain, addresses, stop, tasks })
    }

    /// Returns the chain.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Returns the URLs of the endpoints.
    pub fn endpoints(&self) -> Vec<String> {
        self.addresses.iter().map(|address| format!("http://{address}")).collect()
    }

    /// Returns the line that says where everything is: one JSON object.
    pub fn ready_line(&self) -> String {
        let ready = json!({
            "ready": true,
            "chainId": self.chain.rules().chain_id,
            "genesisHash": self.chain.genesis(),
            "endpoints": self.endpoints(),
            "validators": self.chain.validators(),
        });
        ready.to_string()
    }

    /// Waits until something fails.
    pub async fn failure(&mut self) -> DevnetError {
        loop {
            match self.tasks.join_next().await {
                None => std::future::pending().await,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return error,
                Some(Err(error)) => return error.into(),
            }
        }
    }

    /// Stops sealing and serving. Requests under way are finished, unless they take longer than two seconds.
    pub async fn stop(mut self) {
        // Nobody listens any more when all tasks have ended: then there is nothing to stop.
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("requests were cut off");
        }
    }
}

/// One HTTP endpoint.
#[derive(Debug)]
struct Endpoint {
    chain: Arc<Chain>,
    index: usize,
    lie: RwLock<Option<Arc<Telling>>>,
}

fn router(endpoint: Endpoint) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE]);
    Router::new()
        .route("/", post(respond))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .layer(cors)
        .with_state(Arc::new(endpoint))
}

async fn respond(State(endpoint): State<Arc<Endpoint>>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            let error = RpcError::request(rejection.body_text());
            return (rejection.status(), reply(&error_response(&Value::Null, &error))).into_response();
        }
    };
    let request: Value = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return reply(&error_response(&Value::Null, &RpcError::parse(error.to_string()))),
    };
    let is_control = method_of(&request).is_some_and(|method| method.starts_with("devnet_"));
    let telling = endpoint.telling().filter(|_| !is_control);
    let transport = telling.as_ref().and_then(|telling| telling.transport());
    // Reads and calls may take a while, and the runtime's threads are few.
    let answering = tokio::task::spawn_blocking(move || endpoint.respond_to(telling.as_deref(), &request));
    match (answering.await, transport) {
        (Ok(Some(answer)), Some(lie)) => lie.send(answer.to_string()).await,
        (Ok(Some(answer)), None) => reply(&answer),
        (Ok(None), _) => StatusCode::OK.into_response(),
        (Err(_), _) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Endpoint {
    fn telling(&self) -> Option<Arc<Telling>> {
        self.lie.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers a request or a batch of them; notifications get no answer.
    fn respond_to(&self, telling: Option<&Telling>, request: &Value) -> Option<Value> {
        let answer = match request {
            Value::Array(batch) if batch.is_empty() => {
                Some(error_response(&Value::Null, &RpcError::request("empty batch")))
            }
            Value::Array(batch) if batch.len() > MAX_BATCH => {
                let message = format!("batch of {} requests, expected at most {MAX_BATCH}", batch.len());
                Some(error_response(&Value::Null, &RpcError::request(message)))
            }
            Value::Array(batch) => {
                let answers: Vec<Value> =
                    batch.iter().filter_map(|request| self.respond_to_one(telling, request)).collect();
                (!answers.is_empty()).then(|| answers.into())
            }
            single => self.respond_to_one(telling, single),
        };
        match telling {
            Some(telling) => answer.map(|answer| telling.spoil(answer)),
            None => answer,
        }
    }

    fn respond_to_one(&self, telling: Option<&Telling>, request: &Value) -> Option<Value> {
        let invalid = |message| Some(error_response(&Value::Null, &RpcError::request(message)));
        let Some(object) = request.as_object() else { return invalid("expected an object") };
        let id = match object.get("id") {
            Some(id @ (Value::Null | Value::Number(_) | Value::String(_))) => Some(id),
            Some(_) => return invalid("expected an id that is a string, a number or null"),
            None => None,
        };
        if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return invalid("expected jsonrpc 2.0");
        }
        let Some(method) = method_of(request) else { return invalid("expected a method name") };
        // A notification: nobody wants to hear what becomes of it.
        let id = id?;
        let answer =
            Params::new(object.get("params")).and_then(|params| self.answer(telling, method, &params));
        Some(match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(error) => error_response(id, &error),
        })
    }

    fn answer(
        &self,
        telling: Option<&Telling>,
        method: &str,
        params: &Params<'_>,
    ) -> Result<Value, RpcError> {
        match method {
            "devnet_lies" => Ok(Lie::all().map(|lie| lie.to_json()).collect()),
            "devnet_setLie" => self.set_lie(params),
            "devnet_vote" => self.vote(params),
            _ => {
                let chain = &*self.chain;
                let view = View { chain, blocks: chain, endpoint: self.index, head: chain.head_number() };
                match telling {
                    Some(telling) => telling.answer(view, method, params),
                    None => view.answer(method, params),
                }
            }
        }
    }

    /// Switches a lie on by its name, or off with null.
    fn set_lie(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let telling = match params.values() {
            [Value::Null] => None,
            [Value::String(name)] => Some(Arc::new(Telling::start(name, &self.chain)?)),
            _ => return Err(RpcError::params("expected the name of a lie, or null")),
        };
        *self.lie.write().unwrap_or_else(PoisonError::into_inner) = telling;
        Ok(params.values().first().cloned().unwrap_or_default())
    }

    /// Has a validator voted in (`"add"`, a new one unless an address follows) or out (`"drop"` and its address).
    fn vote(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let candidate = params.values().get(1).map(|_| params.address(1)).transpose()?;
        match (params.values().first().and_then(Value::as_str), candidate) {
            (Some("add"), candidate) => Ok(json!(self.chain.vote_in(candidate)?)),
            (Some("drop"), Some(candidate)) => {
                self.chain.vote_out(candidate)?;
                Ok(json!(candidate))
            }
            _ => Err(RpcError::params("expected \"add\" and perhaps an address, or \"drop\" and an address")),
        }
    }
}

fn method_of(request: &Value) -> Option<&str> {
    request.get("method").and_then(Value::as_str)
}

fn error_response(id: &Value, error: &RpcError) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": error.to_json() })
}

fn reply(answer: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// Seals each block when it is due, until told to stop.
async fn seal_on_time(chain: Arc<Chain>, stopped: impl Future<Output = ()>) -> Result<(), DevnetError> {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let due = Duration::from_secs(chain.next_due());
        tokio::select! {
            () = &mut stopped => return Ok(()),
            () = tokio::time::sleep(due.saturating_sub(unix_time())) => {}
        }
        // Woken a little early, this does nothing and the rest is slept off.
        let sealer = chain.clone();
        let sealed = tokio::task::spawn_blocking(move || sealer.seal_next(unix_seconds())).await??;
        tracing::debug!(?sealed, "tick");
    }
}

async fn wait_for(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the whole devnet.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn unix_seconds() -> u64 {
    unix_time().as_secs()
}

const MAX_REQUEST_BYTES: usize = 1024 * 1024;
const MAX_BATCH: usize = 100;
const GRACE: Duration = Duration::from_secs(2);
