//! A PostgreSQL server for tests: on a free port of this machine, with data that nobody needs afterwards.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Outcome, command, output_of, step};
use crate::tools;

/// A running server; dropping it ends it and removes its data.
pub(crate) struct Postgres {
    process: Child,
    data: PathBuf,
    port: u16,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let programs = tools::postgres()?;
        let data = std::env::temp_dir().join(format!("medrec-postgres-{}", std::process::id()));
        std::fs::create_dir(&data)?;
        let path = data.to_str().ok_or("the folder of temporary files is not UTF-8")?;
        let program = |name: &str| programs.join(name).display().to_string();
        if is_root() {
            step("data folder", command("chown", &[ACCOUNT, path], "."))?;
        }
        let init = ["-D", path, "-U", "medrec", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync"];
        step("PostgreSQL's data", as_account(&program("initdb"), &init))?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let number = port.to_string();
        // Its data is not worth waiting for the disk.
        let serve =
            ["-D", path, "-h", "127.0.0.1", "-p", &number, "-k", "", "-F", "-c", "max_connections=300"];
        let log = std::fs::File::create(data.with_extension("log"))?;
        let process = as_account(&program("postgres"), &serve).stdout(Stdio::null()).stderr(log).spawn()?;
        let server = Self { process, data, port };
        server.wait(&program("pg_isready"))?;
        Ok(server)
    }

    /// What the tests are given.
    pub(crate) fn url(&self) -> String {
        format!("postgresql://medrec@127.0.0.1:{}/postgres", self.port)
    }

    fn wait(&self, is_ready: &str) -> Outcome {
        let started = Instant::now();
        let port = self.port.to_string();
        while output_of(command(is_ready, &["-h", "127.0.0.1", "-p", &port], ".")).is_err() {
            if started.elapsed() > PATIENCE {
                return Err("PostgreSQL does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once: nobody is served any more.
        let _ended = command("kill", &["-QUIT", &self.process.id().to_string()], ".").status();
        let _waited = self.process.wait();
        let _removed =
            (std::fs::remove_dir_all(&self.data), std::fs::remove_file(self.data.with_extension("log")));
    }
}

/// The server refuses to run as root; Debian's package brings an account for it.
fn as_account(program: &str, args: &[&str]) -> Command {
    if !is_root() {
        return command(program, args, ".");
    }
    let identity = ["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups", program];
    let mut command = command("setpriv", &[&identity, args].concat(), ".");
    // The account may have no right to look into the project.
    command.current_dir(Path::new("/"));
    command
}

fn is_root() -> bool {
    output_of(command("id", &["-u"], ".")).is_ok_and(|id| id.trim() == "0")
}

const ACCOUNT: &str = "postgres";
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
