//! TLS in the process itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use stack::{Stack, eventually, make_certificate, trusting};

#[tokio::test]
async fn speaks_tls_with_its_certificate_and_takes_up_a_renewed_one() {
    let mut stack = Stack::start();
    stack.kill_gatekeeper();
    make_certificate(&stack.folder);
    let listen = stack.listen.clone();
    let origin = format!("https://localhost:{}", listen.rsplit(':').next().unwrap());
    stack.configure("anchor_seconds", "tls_certificate = \"tls.crt\"\ntls_key = \"tls.key\"\nanchor_seconds");
    stack.start_gatekeeper();
    let former = trusting(&stack.folder);
    let health = async |client: &reqwest::Client, origin: &str| {
        client.get(format!("{origin}/healthz")).send().await.map(|answer| answer.status().as_u16())
    };
    assert!(matches!(health(&former, &origin).await, Ok(200 | 503)));
    assert!(health(&former, &format!("http://{listen}")).await.is_err());
    // Whoever says nothing does not keep others out.
    let _silent = std::net::TcpStream::connect(&listen).unwrap();

    make_certificate(&stack.folder);
    let renewed = trusting(&stack.folder);
    let taken_up = eventually("the new certificate", async || health(&renewed, &origin).await.ok());
    taken_up.await;
    // A file that cannot be used changes nothing, and keeps a start from succeeding.
    std::fs::write(stack.folder.join("tls.crt"), "no certificate").unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert!(matches!(health(&trusting(&stack.folder), &origin).await, Ok(200 | 503)));
    assert!(stack.log().contains("the new certificate cannot be used"));
    stack.kill_gatekeeper();
    let refused = stack.failure(&["run"]);
    assert!(refused.contains("TLS") && refused.contains("tls.crt"), "{refused}");
}
