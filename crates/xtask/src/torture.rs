//! Attacks on what runs, counted. The full counts, unless a scale is given; `cargo xtask test` runs a hundredth.

use crate::run::{Outcome, command, step_shown};

/// `cargo xtask torture gatekeeper [--scale 0.01] [--seed 1]`
pub(crate) fn gatekeeper(args: &[&str]) -> Outcome {
    let test = ["test", "--quiet", "--package", "gatekeeper", "--test", "torture", "--", "--scale", "1"];
    step_shown("torture of the gatekeeper", command("cargo", &[&test[..], args].concat(), "."))
}
