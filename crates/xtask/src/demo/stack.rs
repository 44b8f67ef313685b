//! The processes of the demo: chain, contracts, two hospitals; their ports, keys and data in one folder.

#![allow(clippy::indexing_slicing, reason = "a JSON value answers null for what it does not hold")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::run::{command, output_of, root, target};

type Failure = Box<dyn std::error::Error>;

/// A hospital of the demo: its name, the folder of its state, the bundles it holds, the patients it invites.
struct Hospital {
    name: &'static str,
    folder: &'static str,
    bundles: &'static [&'static str],
}

const HOSPITALS: [Hospital; 2] = [
    Hospital {
        name: "General Hospital",
        folder: "general-hospital",
        bundles: &["general-devora-orn.json.gz", "general-ray-lindgren.json.gz"],
    },
    Hospital {
        name: "Riverside Clinic",
        folder: "riverside-clinic",
        bundles: &["riverside-devora-orn.json.gz", "riverside-hernan-badillo.json.gz"],
    },
];

/// Where each part listens on 127.0.0.1.
pub(crate) struct Ports {
    pub(crate) page: u16,
    rpc: [u16; 3],
    gatekeepers: [u16; 2],
}

/// The running demo.
pub(crate) struct Stack {
    pub(crate) ports: Ports,
    /// `demo.json`: addresses, invitations and process numbers, for people and for the journeys.
    pub(crate) description_path: PathBuf,
    description: Value,
    children: Vec<Child>,
}

/// Starts everything; what the folder already holds (chain, keys, records, invitations, ports) is kept.
pub(crate) async fn start(state: &Path, free_ports: bool) -> Result<Stack, Failure> {
    let description_path = state.join("demo.json");
    let before =
        std::fs::read(&description_path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let ports = ports(before.as_ref(), free_ports)?;
    let mut stack = Stack { ports, description_path, description: Value::Null, children: Vec::new() };

    stack.start_chain(state).await?;
    let network = state.join("network.json");
    let operator = state.join("operator.key");
    medrec(&["operator", "key", "--key-file", text(&operator)?])?;
    let rpc = stack.ports.rpc.map(|port| format!("http://127.0.0.1:{port}"));
    let deploy = ["operator", "deploy", "--rpc", &rpc.join(","), "--key-file", text(&operator)?];
    medrec(
        &[&deploy[..], &["--chain-name", "MedRec demo network", "--demo", "--out", text(&network)?]].concat(),
    )?;

    let mut hospitals = Vec::new();
    let mut invitations = Vec::new();
    for (hospital, port) in HOSPITALS.iter().zip(stack.ports.gatekeepers) {
        let folder = state.join(hospital.folder);
        let known = before.as_ref().and_then(|known| known.get("invitations")?.as_array().cloned());
        let started = stack.start_hospital(hospital, port, &folder, &network, &operator).await?;
        hospitals.push(started);
        match known {
            Some(all) => invitations.extend(all.into_iter().filter(|one| one["hospital"] == hospital.name)),
            None => invitations.extend(invite(hospital, &folder)?),
        }
    }
    stack.description = json!({
        "app": format!("http://localhost:{}/", stack.ports.page),
        "rpc": rpc,
        "gatekeepers": hospitals,
        "invitations": invitations,
        "ports": { "page": stack.ports.page, "rpc": stack.ports.rpc, "gatekeepers": stack.ports.gatekeepers },
        "pids": stack.children.iter().filter_map(Child::id).collect::<Vec<_>>(),
    });
    std::fs::write(&stack.description_path, serde_json::to_vec_pretty(&stack.description)?)?;
    Ok(stack)
}

impl Stack {
    async fn start_chain(&mut self, state: &Path) -> Result<(), Failure> {
        let listen = self.ports.rpc.map(|port| format!("127.0.0.1:{port}")).join(",");
        let folder = state.join("chain");
        let mut devnet = Command::new(target().join("debug/medrec-devnet"));
        devnet.args(["--state", text(&folder)?, "--rpc", &listen, "--period", "1"]);
        self.start_process("the chain (four validators)", devnet).await
    }

    /// Makes the hospital's keys and database where they are missing, admits it, starts its gatekeeper.
    async fn start_hospital(
        &mut self,
        hospital: &Hospital,
        port: u16,
        folder: &Path,
        network: &Path,
        operator: &Path,
    ) -> Result<Value, Failure> {
        let config = folder.join("gatekeeper.toml");
        let origin = format!("http://127.0.0.1:{port}");
        let new = !config.exists();
        if new {
            std::fs::create_dir_all(folder)?;
            std::fs::write(&config, gatekeeper_toml(self.ports.page, port, &origin, folder, network))?;
        }
        let config = text(&config)?;
        let identity: Value = serde_json::from_str(&gatekeeper(&["init", "--config", config])?)?;
        let field =
            |name: &str| identity[name].as_str().map(str::to_owned).ok_or(format!("init told no {name}"));
        let (address, encryption_key) = (field("address")?, field("encryptionKey")?);
        if new {
            let admit = ["operator", "admit", "--network", text(network)?, "--key-file", text(operator)?];
            let member = ["--member", &address, "--kind", "provider", "--name", hospital.name];
            let place = ["--endpoint", &origin, "--encryption-key", &encryption_key];
            medrec(&[&admit[..], &member[..], &place[..]].concat())?;
            let mut import = vec!["import".to_owned(), "--config".to_owned(), config.to_owned()];
            for bundle in hospital.bundles {
                import.extend([
                    "--bundle".to_owned(),
                    text(&root().join("tests/data/synthea").join(bundle))?.to_owned(),
                ]);
            }
            gatekeeper(&import.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        let mut run = Command::new(target().join("debug/medrec-gatekeeper"));
        run.args(["run", "--config", config]);
        self.start_process(hospital.name, run).await?;
        Ok(json!({
            "name": hospital.name, "origin": origin, "address": address, "config": config,
            "database": folder.join("gatekeeper.sqlite"), "pid": self.children.last().and_then(Child::id),
        }))
    }

    /// Starts one server and waits for its first line, the one that says it is ready.
    async fn start_process(&mut self, name: &str, mut command: Command) -> Result<(), Failure> {
        let mut child = command
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{name} did not start: {error}"))?;
        let output = child.stdout.take().ok_or("a server without output")?;
        let mut lines = BufReader::new(output).lines();
        let line = lines.next_line().await?.ok_or_else(|| format!("{name} ended before it was ready"))?;
        let ready: Value =
            serde_json::from_str(&line).map_err(|error| format!("{name} said {line:?}: {error}"))?;
        if ready["ready"] != true {
            return Err(format!("{name} is not ready: {line}").into());
        }
        eprintln!("  {name}: ready");
        // Keep reading, so that the server never waits for us.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.children.push(child);
        Ok(())
    }

    /// What to open, in words.
    pub(crate) fn invitation_to_people(&self) -> String {
        let mut words = format!(
            "\nMedRec Light is running on this machine only. One process holds the keys of all four validators:\n\
             this network is for trying things out, not for real records.\n\n  Patient app   {}\n",
            self.description["app"].as_str().unwrap_or_default()
        );
        words.push_str("\nInvitations (open one as the patient it is for):\n");
        for one in self.description["invitations"].as_array().into_iter().flatten() {
            let part = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            words.push_str(&format!("  {} → {}\n    {}\n", part("hospital"), part("patient"), part("link")));
        }
        words.push_str("\nCtrl-C stops it; the next start goes on where it stopped.");
        words
    }

    /// Waits for Ctrl-C or SIGTERM; a server that ends by itself is an error.
    pub(crate) async fn until_told_to_stop(&mut self) -> Result<(), Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Ok(()),
            _ = terminate.recv() => Ok(()),
        }
    }

    /// Ends the servers, politely first.
    pub(crate) async fn stop(&mut self) {
        for child in self.children.iter().rev() {
            if let Some(pid) = child.id() {
                let _ = Command::new("kill").arg(pid.to_string()).status().await;
            }
        }
        for mut child in self.children.drain(..) {
            let patience = std::time::Duration::from_secs(5);
            if tokio::time::timeout(patience, child.wait()).await.is_err() {
                let _ = child.kill().await;
            }
        }
    }
}

/// One invitation link for each patient that the hospital knows.
fn invite(hospital: &Hospital, folder: &Path) -> Result<Vec<Value>, Failure> {
    let config = folder.join("gatekeeper.toml");
    let patients: Vec<Value> = serde_json::from_str(&gatekeeper(&["patients", "--config", text(&config)?])?)?;
    let mut invitations = Vec::new();
    for patient in patients {
        let id = patient["id"].as_str().ok_or("a patient without id")?;
        let link = gatekeeper(&["invite", "--config", text(&config)?, "--patient", id])?;
        invitations.push(json!({
            "hospital": hospital.name, "patient": patient["name"], "id": id, "records": patient["records"],
            "link": link.trim(),
        }));
    }
    Ok(invitations)
}

fn gatekeeper_toml(page: u16, port: u16, origin: &str, folder: &Path, network: &Path) -> String {
    let path = |file: &Path| format!("{:?}", file.display().to_string());
    format!(
        "listen = \"127.0.0.1:{port}\"\norigin = \"{origin}\"\napp = \"http://localhost:{page}\"\ndatabase = {}\nkey_file = {}\nnetwork = {}\n",
        path(&folder.join("gatekeeper.sqlite")),
        path(&folder.join("gatekeeper.key")),
        path(network),
    )
}

/// Fixed ports for people, the ones of the last start where there was one, free ones where asked.
fn ports(before: Option<&Value>, free: bool) -> Result<Ports, Failure> {
    if let Some(known) = before.and_then(|known| known.get("ports")) {
        let port = |value: &Value| {
            value.as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("demo.json: bad port")
        };
        return Ok(Ports {
            page: port(&known["page"])?,
            rpc: [port(&known["rpc"][0])?, port(&known["rpc"][1])?, port(&known["rpc"][2])?],
            gatekeepers: [port(&known["gatekeepers"][0])?, port(&known["gatekeepers"][1])?],
        });
    }
    if !free {
        return Ok(Ports { page: 18600, rpc: [18545, 18546, 18547], gatekeepers: [18601, 18602] });
    }
    // All six are held open until the last is known, so that they differ.
    let held: Vec<_> =
        (0..6).map(|_| std::net::TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let found: Vec<u16> =
        held.iter().map(|one| Ok(one.local_addr()?.port())).collect::<std::io::Result<_>>()?;
    let [page, a, b, c, d, e] = found[..] else { return Err("no six free ports".into()) };
    Ok(Ports { page, rpc: [a, b, c], gatekeepers: [d, e] })
}

fn gatekeeper(args: &[&str]) -> Result<String, Failure> {
    tool("medrec-gatekeeper", args)
}

fn medrec(args: &[&str]) -> Result<String, Failure> {
    tool("medrec", args)
}

fn tool(name: &str, args: &[&str]) -> Result<String, Failure> {
    let program = target().join("debug").join(name);
    output_of(command(text(&program)?, args, "."))
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()).into())
}
