//! What a machine can see without running the product: formatting, lints, documentation, types.

use crate::run::{Outcome, command, step};
use crate::{build, tools};

/// One named check.
type Check = (&'static str, fn() -> Outcome);

/// Every check, in the order in which they are cheap to fail.
pub(crate) const CHECKS: [Check; 7] = [
    ("rustfmt", || step("rustfmt", command("cargo", &["fmt", "--all", "--check"], "."))),
    ("contracts are what solc makes of their sources", || build::contracts(&["--check"])),
    ("clippy", || {
        // On a native target the crate `web` is empty; the next check reads it.
        let args = ["clippy", "--workspace", "--exclude", "web", "--all-targets", "--", "-D", "warnings"];
        step("clippy", command("cargo", &args, "."))
    }),
    ("clippy for the browser", || {
        tools::wasm()?;
        step(
            "clippy for the browser",
            command("cargo", &[&["clippy"], BROWSER, &["--", "-D", "warnings"]].concat(), "."),
        )
    }),
    ("rustdoc", || {
        // On a native target the crate `web` is empty.
        let all = ["--workspace", "--exclude", "web", "--document-private-items"];
        rustdoc("rustdoc", &all)?;
        rustdoc("rustdoc of the browser edge", &[BROWSER, &["--document-private-items"]].concat())
    }),
    ("TypeScript", || {
        tools::npm("www")?;
        step("TypeScript", command("npm", &["run", "--silent", "check"], "www"))
    }),
    ("eslint", || {
        tools::npm("www")?;
        step("eslint", command("npm", &["run", "--silent", "lint"], "www"))
    }),
];

/// What runs in a browser only.
const BROWSER: &[&str] = &[
    "--package",
    "web",
    "--package",
    "bench",
    "--features",
    "bench/light,bench/records",
    "--target",
    "wasm32-unknown-unknown",
];

/// Documentation of what `args` select, without a warning.
fn rustdoc(name: &str, args: &[&str]) -> Outcome {
    let mut doc = command("cargo", &[&["doc", "--no-deps"], args].concat(), ".");
    doc.env("RUSTDOCFLAGS", "-D warnings");
    step(name, doc)
}

/// Runs all checks; the first that fails ends it.
pub(crate) fn all() -> Outcome {
    build::all()?;
    CHECKS.iter().try_for_each(|(_, check)| check())
}
