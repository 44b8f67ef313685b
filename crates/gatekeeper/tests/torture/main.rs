//! Attacks on a running gatekeeper, counted: `cargo xtask torture gatekeeper [--scale 0.01] [--seed 1]`.
//!
//! Real programs on free ports of this machine: a chain, the gatekeeper, people. One line per trust figure says how many of
//! the attempts got through, and the program ends badly if one did. `cargo test` runs a hundredth of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

#[path = "../stack/mod.rs"]
mod stack;

mod canaries;
mod changes;
mod injections;
mod kills;
mod omissions;
mod replays;

use std::process::ExitCode;
use std::sync::Arc;

use records::category::{Categories, Category};
use stack::{Stack, free_ports};

/// A figure: of so many attempts, how many went as they should not.
struct Line {
    figure: &'static str,
    broken: u64,
    attempts: u64,
    what: &'static str,
}

impl Line {
    fn print(&self) -> bool {
        let Self { figure, broken, attempts, what } = self;
        let held = *broken == 0 && *attempts > 0;
        println!("{figure} {broken} of {attempts} {what}: {}", if held { "held" } else { "BROKEN" });
        held
    }
}

/// How much of the full count is run, and the seed of every choice.
#[derive(Clone, Copy)]
struct Dose {
    scale: f64,
    seed: u64,
}

impl Dose {
    /// The share of a full count; never nothing.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "counts of at most a million"
    )]
    fn of(self, full: u64) -> u64 {
        ((full as f64 * self.scale).round() as u64).max(1)
    }

    fn choices(self) -> Choices {
        Choices(self.seed)
    }
}

/// SplitMix64: the same choices for the same seed, on every machine.
struct Choices(u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
}

fn main() -> ExitCode {
    let dose = match dose(std::env::args().skip(1)) {
        Ok(dose) => dose,
        Err(reason) => {
            eprintln!("{reason}\ntorture [--scale 0.01] [--seed 1]");
            return ExitCode::from(2);
        }
    };
    eprintln!("torture of the gatekeeper: scale {}, seed {}", dose.scale, dose.seed);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let held = runtime.block_on(async {
        let [origin, listen] = free_ports();
        let wire = canaries::Wire::listen(origin, listen).await;
        let mut stack = Stack::start_behind(origin, listen);
        let browser = Arc::new(stack.browser());
        let patient = stack.patient(&browser, 1).await;
        let mut held = true;
        for line in omissions::run(&stack, &browser, &patient, dose).await {
            held &= line.print();
        }
        held &= injections::run(&stack.folder, dose).print();
        held &= canaries::run(&stack, &browser, &wire, dose).await.print();
        for line in changes::run(&stack, &browser, &patient, dose).await {
            held &= line.print();
        }
        held &= kills::run(&mut stack, &browser, dose).await.print();
        held &= replays::run(&mut stack, &browser, &patient, dose).await.print();
        assert!(!stack.log().contains("panicked"), "the gatekeeper panicked: {}", stack.log());
        held
    });
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn dose(mut words: impl Iterator<Item = String>) -> Result<Dose, String> {
    let mut dose = Dose { scale: 0.01, seed: 1 };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let bad = || format!("{word}: {value} cannot be");
        match word.as_str() {
            "--scale" => {
                dose.scale =
                    value.parse().ok().filter(|scale| (0.0..=10.0).contains(scale)).ok_or_else(bad)?;
            }
            "--seed" => dose.seed = value.parse().ok().ok_or_else(bad)?,
            _ => return Err(format!("{word} is unknown")),
        }
    }
    Ok(dose)
}

/// A small category that every attack can ask for.
const ALLERGIES: Categories = Categories::NONE.with(Category::Allergies);
