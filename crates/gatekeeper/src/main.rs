//! `medrec-gatekeeper`: the provider's server and its few commands.

use std::process::ExitCode;
use std::time::SystemTime;

use gatekeeper::command::{CommandError, execute, parse_arguments};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("MEDREC_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("medrec-gatekeeper: {error}");
            ExitCode::from(if matches!(error, CommandError::Usage { .. }) { 2 } else { 1 })
        }
    }
}

async fn start() -> Result<(), CommandError> {
    let (command, path) = parse_arguments(std::env::args().skip(1))?;
    // A clock before 1970 makes every invitation and request too old, which is what such a clock deserves.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    execute(command, &path, now).await
}
