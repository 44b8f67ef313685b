//! Installs what a step needs and the machine lacks: the wasm target, `wasm-bindgen` at the version of
//! `Cargo.lock`, npm and Python packages, Chromium, PostgreSQL. All but the last two and Python itself lands under the
//! project's own folders.

use std::path::PathBuf;

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

/// A Python of our own, called `name`, with the packages of `folder`, exactly as its `requirements.txt` says; from
/// Debian's packages where the machine's Python cannot make one.
pub(crate) fn python(name: &str, folder: &str) -> Outcome {
    let wanted = std::fs::read_to_string(root().join(folder).join("requirements.txt"))?;
    let own = target().join("tools").join(name);
    let stamp = own.join(".installed-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if output_of(command("python3", &["-c", "import ensurepip, venv"], ".")).is_err() {
        apt("Python (Debian's packages)", &["python3", "python3-venv"])?;
    }
    let own = own.to_str().ok_or("the target folder's path is not UTF-8")?;
    step("Python environment", command("python3", &["-m", "venv", "--clear", own], "."))?;
    let install =
        ["-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", "requirements.txt"];
    step(&format!("Python packages of {folder}"), command(&format!("{own}/bin/python"), &install, folder))?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// Chromium and its driver; from Debian's packages when missing.
pub(crate) fn chromium() -> Outcome {
    let here = |program| output_of(command(program, &["--version"], ".")).is_ok();
    if here("chromium") && here("chromedriver") {
        return Ok(());
    }
    apt("Chromium (Debian's packages)", &["chromium", "chromium-driver"])
}

/// The folder of PostgreSQL's programs; from Debian's packages when missing.
pub(crate) fn postgres() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let newest = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let programs = versions.map(|version| version.path().join("bin"));
        programs.filter(|programs| programs.join("postgres").exists()).max()
    };
    if newest().is_none() {
        apt("PostgreSQL (Debian's packages)", &["postgresql"])?;
    }
    newest().ok_or_else(|| "PostgreSQL is not where Debian puts it".into())
}

/// A font that shows Chinese, for whoever looks at the screenshots; from Debian's packages when there is none.
pub(crate) fn chinese_font() -> Outcome {
    let found = output_of(command("fc-list", &[":lang=zh"], ".")).unwrap_or_default();
    if found.is_empty() {
        apt("Chinese font (Debian's packages)", &["fontconfig", "fonts-noto-cjk"])
    } else {
        Ok(())
    }
}

/// Installs packages of Debian's.
fn apt(name: &str, packages: &[&str]) -> Outcome {
    step("apt-get update", command("apt-get", &["update", "-qq"], "."))?;
    let mut install = command("apt-get", &["install", "-y", "-qq", "--no-install-recommends"], ".");
    install.args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    step(name, install)
}

/// The version that `Cargo.lock` holds of `package`.
fn locked_version(package: &str) -> Result<String, Box<dyn std::error::Error>> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    Ok(version.ok_or_else(|| format!("{package} is not in Cargo.lock"))?.to_owned())
}
