//! Installs what a step needs and the machine lacks: the wasm target, `wasm-bindgen` at the version of
//! `Cargo.lock`, npm packages, Chromium. Everything but Chromium lands under the project's own folders.

use crate::run::{Outcome, command, output_of, root, step, step_shown, target};

/// The wasm target and the `wasm-bindgen` tools (compiler and test runner).
pub(crate) fn wasm() -> Outcome {
    if !output_of(command("rustc", &["--print", "sysroot"], ".")).is_ok_and(|sysroot| {
        std::path::Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown").exists()
    }) {
        step("wasm target", command("rustup", &["target", "add", "wasm32-unknown-unknown"], "."))?;
    }
    let version = locked_version("wasm-bindgen")?;
    let found = output_of(command("wasm-bindgen", &["--version"], "."));
    if found.is_ok_and(|text| text.trim() == format!("wasm-bindgen {version}")) {
        return Ok(());
    }
    let tools = target().join("tools");
    let tools = tools.to_str().ok_or("the target folder's path is not UTF-8")?;
    let build = format!("{tools}/build");
    step_shown(
        &format!("wasm-bindgen {version} (once, about four minutes)"),
        command(
            "cargo",
            &[
                "install",
                "wasm-bindgen-cli",
                "--version",
                &version,
                "--root",
                tools,
                "--target-dir",
                &build,
                "--force",
            ],
            ".",
        ),
    )?;
    std::fs::remove_dir_all(build)?;
    Ok(())
}

/// The npm packages of `folder`, exactly as its lock file says.
pub(crate) fn npm(folder: &str) -> Outcome {
    let lock = root().join(folder).join("package-lock.json");
    let stamp = root().join(folder).join("node_modules/.installed-from");
    let wanted = std::fs::read_to_string(&lock)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    step(
        &format!("npm packages of {folder}"),
        command("npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder),
    )?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// Chromium and its driver, with a font that shows Chinese; from Debian's packages when missing.
pub(crate) fn chromium() -> Outcome {
    let here = |program| output_of(command(program, &["--version"], ".")).is_ok();
    if here("chromium") && here("chromedriver") {
        return Ok(());
    }
    step("apt-get update", command("apt-get", &["update", "-qq"], "."))?;
    let packages =
        ["install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver", "fonts-noto-cjk"];
    let mut install = command("apt-get", &packages, ".");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    step("Chromium (Debian's packages)", install)
}

/// The version that `Cargo.lock` holds of `package`.
fn locked_version(package: &str) -> Result<String, Box<dyn std::error::Error>> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    Ok(version.ok_or_else(|| format!("{package} is not in Cargo.lock"))?.to_owned())
}
