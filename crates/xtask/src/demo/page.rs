//! Serves the built page as a real host should: strict headers, hashed files cached, `network.json` beside it.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::services::{ServeDir, ServeFile};

/// The headers of every answer. The page may talk to any gatekeeper and node that the directory names.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' http://127.0.0.1:* http://localhost:* https:; worker-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types medrec-worker lit-html",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=()",
    ),
];

/// Starts the server on 127.0.0.1; it ends when the task is aborted.
pub(crate) async fn serve(port: u16, state: &Path) -> std::io::Result<tokio::task::JoinHandle<()>> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let files = Router::new()
        .route_service("/network.json", ServeFile::new(state.join("network.json")))
        .fallback_service(ServeDir::new(super::dist()))
        .layer(from_fn(with_headers));
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, files).await {
            eprintln!("page server: {error}");
        }
    }))
}

async fn with_headers(request: Request, next: Next) -> Response {
    // Vite puts a digest of their content into the names under assets/.
    let lasting = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let cache = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
