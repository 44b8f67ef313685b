//! Builds what the browser gets: contracts, the wasm package in `pkg/`, the page in `www/dist/`.

use std::path::Path;

use crate::run::{Outcome, command, root, step, step_shown, target};
use crate::tools;

const CONTRACTS: &str = "crates/protocol/contracts";

/// Compiles the contracts with the pinned solc; `--check` compares with what is committed.
pub(crate) fn contracts(args: &[&str]) -> Outcome {
    tools::npm(CONTRACTS)?;
    let mut words = vec!["build.mjs"];
    words.extend(args);
    step("contracts (solc)", command("node", &words, CONTRACTS))
}

/// The wasm package and the page.
pub(crate) fn all() -> Outcome {
    package()?;
    page()
}

/// The servers and tools that run natively: devnet, gatekeeper, medrec.
pub(crate) fn binaries() -> Outcome {
    step_shown("servers", command("cargo", &["build", "--workspace", "--bins"], "."))
}

/// `pkg/`: compiled, bound to JavaScript, and made small; once with everything, once with the light client alone.
pub(crate) fn package() -> Outcome {
    let folder = root().join("pkg");
    let only = |feature| ["--no-default-features", "--features", feature];
    wasm("web", &only("records"), &folder, "medrec_light")?;
    wasm("web", &only("light"), &folder.join("chain"), "medrec_chain")?;
    step("package (TypeScript)", command("npm", &["run", "--silent", "package"], "www"))
}

/// A crate with some of its features for the browser, as `name.js` and `name_bg.wasm` in a folder.
pub(crate) fn wasm(package: &str, features: &[&str], folder: &Path, name: &str) -> Outcome {
    tools::wasm()?;
    tools::npm("www")?;
    // Paths of this machine have no place in what others build, compare and download. Joins the flags of config.toml.
    let home = std::env::var("CARGO_HOME")
        .or_else(|_unset| std::env::var("HOME").map(|home| format!("{home}/.cargo")))?;
    let flags =
        [format!("--remap-path-prefix={home}/="), format!("--remap-path-prefix={}/=", root().display())];
    let config = format!("target.wasm32-unknown-unknown.rustflags={flags:?}");
    let mut build =
        vec!["build", "--package", package, "--target", "wasm32-unknown-unknown", "--profile", "wasm"];
    build.extend(["--config", &config]);
    build.extend(features);
    step_shown(name, command("cargo", &build, "."))?;
    let wasm = target().join(format!("wasm32-unknown-unknown/wasm/{package}.wasm")).display().to_string();
    let folder = folder.display().to_string();
    let bindgen = ["--target", "web", "--out-dir", &folder, "--out-name", name, &wasm];
    step("wasm-bindgen", command("wasm-bindgen", &bindgen, "."))?;
    // The features that rustc turns on for this target, and what the light client's Keccak asks for (simd); with
    // --all-features wasm-opt writes what browsers lack.
    let features = [
        "bulk-memory",
        "multivalue",
        "mutable-globals",
        "nontrapping-float-to-int",
        "reference-types",
        "sign-ext",
        "simd",
    ]
    .map(|feature| format!("--enable-{feature}"));
    let file = format!("{folder}/{name}_bg.wasm");
    let mut args = vec!["-Oz", &file, "-o", &file];
    args.extend(features.iter().map(String::as_str));
    let opt = root().join("www/node_modules/.bin/wasm-opt");
    step("wasm-opt", command(&opt.display().to_string(), &args, "."))
}

/// `www/dist/`, the page as it is served.
fn page() -> Outcome {
    tools::npm("www")?;
    step("page (Vite)", command("npm", &["run", "--silent", "build"], "www"))
}
