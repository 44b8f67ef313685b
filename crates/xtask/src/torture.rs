//! Attacks on what runs, counted. The full counts, unless a scale is given; `cargo xtask test` runs a hundredth.

use crate::run::{Outcome, command, step_shown, target};
use crate::{build, tools};

/// `cargo xtask torture gatekeeper [--scale 0.01] [--seed 1]`
pub(crate) fn gatekeeper(args: &[&str]) -> Outcome {
    let test = ["test", "--quiet", "--package", "gatekeeper", "--test", "torture", "--", "--scale", "1"];
    step_shown("torture of the gatekeeper", command("cargo", &[&test[..], args].concat(), "."))
}

/// `cargo xtask torture vault [--scale 0.01] [--seed 1]`
pub(crate) fn vault(args: &[&str]) -> Outcome {
    tools::chromium()?;
    build::binaries()?;
    build::all()?;
    tools::npm("tests/journeys")?;
    vault_as_built(args)
}

/// The same with what is built and installed already.
pub(crate) fn vault_as_built(args: &[&str]) -> Outcome {
    let mut torture = command("node", &[&["torture.mjs"], args].concat(), "tests/journeys");
    torture.env("MEDREC_TARGET", target());
    step_shown("torture of the vault", torture)
}
