//! libFuzzer's door: runs the target that `FUZZ_TARGET` names. `cargo xtask fuzz` builds and starts it.
//!
//! With `FUZZ_SEEDS` it fuzzes nothing, but writes the seeds of each target to a folder of that folder, prints the
//! target's name, and ends.

#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use fuzz::{TARGETS, Target};

libfuzzer_sys::fuzz_target!(init: write_seeds(), |data: &[u8]| (chosen().check)(data));

fn chosen() -> &'static Target {
    static CHOSEN: OnceLock<&Target> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
        TARGETS.iter().find(|target| target.name == name).expect("FUZZ_TARGET is a target")
    })
}

fn write_seeds() {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS") else { return };
    for target in &TARGETS {
        let folder = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&folder).expect("the corpus folder can be made");
        for (index, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed).expect("a seed can be written");
        }
        println!("{}", target.name);
    }
    std::process::exit(0);
}
