//! Runs other programs: one line per step with the time it took, their output when they fail.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a command of ours ends with; the error is printed as it stands.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The top folder of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

/// The folder in which cargo builds, `CARGO_TARGET_DIR` respected.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command that starts in `folder` (relative to the top) and finds our own tools first.
pub(crate) fn command(program: &str, args: &[&str], folder: &str) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root().join(folder)).stdin(Stdio::null());
    let tools = target().join("tools/bin");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", tools.display()));
    command
}

/// Runs one named step and shows how long it took. Output is shown only when the step fails.
pub(crate) fn step(name: &str, mut command: Command) -> Outcome {
    let started = Instant::now();
    eprint!("  {name} … ");
    let output = command
        .output()
        .map_err(|error| format!("{name}: {:?} did not start: {error}", command.get_program()))?;
    if output.status.success() {
        eprintln!("{:.1} s", started.elapsed().as_secs_f32());
        return Ok(());
    }
    eprintln!("failed");
    eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{name} failed ({})", output.status).into())
}

/// Runs one named step whose own progress is worth seeing (compilers).
pub(crate) fn step_shown(name: &str, mut command: Command) -> Outcome {
    let started = Instant::now();
    eprintln!("  {name} …");
    let status = command
        .status()
        .map_err(|error| format!("{name}: {:?} did not start: {error}", command.get_program()))?;
    if !status.success() {
        return Err(format!("{name} failed ({status})").into());
    }
    eprintln!("  {name}: {:.1} s", started.elapsed().as_secs_f32());
    Ok(())
}

/// The output of a command that must succeed.
pub(crate) fn output_of(mut command: Command) -> Result<String, Box<dyn std::error::Error>> {
    let shown = format!("{:?}", command.get_program());
    let output = command.output().map_err(|error| format!("{shown} did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "{shown} failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
