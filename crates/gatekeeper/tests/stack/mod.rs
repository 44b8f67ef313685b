//! A chain, one provider and people, all real, on free ports of this machine.

#![allow(dead_code, reason = "each test file uses its part of the stack")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use alloy_primitives::Address;
use client::{Caller, Client, ClientError, Head, Http, HttpAnswer, HttpRequest, Platform, TransportError};
use gatekeeper::database::Database;
use native::{MemoryHeads, Native};
use protocol::answer::{AnswerContent, AnswerError, Asked, RefusalBody, VerifiedAnswer, verify_answer};
use protocol::contribution::{contributed_id, subject};
use protocol::invitation::Invitation;
use protocol::keys::{EncryptionKey, SigningKey};
use protocol::layout::{HistoryQuery, RelationshipQuery};
use protocol::network::Network;
use protocol::relationship::RelationshipId;
use protocol::request::{Call, HeadRef, Method, Origin, sign_call};
use records::record::Record;
use records::record_set::RecordSetAnchor;
use serde_json::{Value, json};

pub(crate) type Browser = Client<Native<MemoryHeads>>;

/// The running stack; dropping it ends the processes and removes the folder.
pub(crate) struct Stack {
    pub(crate) folder: PathBuf,
    pub(crate) network: Network,
    pub(crate) origin: Origin,
    pub(crate) steward: Address,
    /// Whose key signs for it.
    pub(crate) signer: Address,
    /// Where the gatekeeper listens, whatever stands before it.
    pub(crate) listen: String,
    chain: Option<Child>,
    gatekeeper: Option<Child>,
}

impl Stack {
    /// Starts chain and gatekeeper with one patient of the committed data.
    pub(crate) fn start() -> Self {
        let [port] = free_ports();
        Self::start_behind(port, port)
    }

    /// Starts a gatekeeper that listens at one port and is reached at another.
    pub(crate) fn start_behind(origin: u16, listen: u16) -> Self {
        build_tools();
        let folder = fresh_folder();
        let ports = free_ports::<2>();
        let rpc = [ports[0], ports[1]].map(|port| format!("127.0.0.1:{port}"));
        let chain = chain(&folder, &rpc);
        let operator = folder.join("operator.key");
        let network = folder.join("network.json");
        let urls = rpc.map(|address| format!("http://{address}")).join(",");
        output("medrec", &["operator", "key", "--key-file", text(&operator)]);
        let deploy = ["operator", "deploy", "--rpc", &urls, "--key-file", text(&operator)];
        output(
            "medrec",
            &[&deploy[..], &["--chain-name", "Test", "--demo", "--out", text(&network)]].concat(),
        );
        let (origin, listen) = (format!("http://127.0.0.1:{origin}"), format!("127.0.0.1:{listen}"));
        let database = database(&folder);
        let config = format!(
            "listen = \"{listen}\"\norigin = \"{origin}\"\ndatabase = \"{database}\"\n\
             key_file = \"gatekeeper.key\"\nnetwork = \"network.json\"\nanchor_seconds = 1\n"
        );
        std::fs::write(folder.join("gatekeeper.toml"), config).unwrap();
        let mut stack = Self {
            network: Network::parse(&std::fs::read(&network).unwrap()).unwrap(),
            origin: Origin::parse(&origin).unwrap(),
            steward: Address::ZERO,
            signer: Address::ZERO,
            listen,
            chain: Some(chain),
            gatekeeper: None,
            folder,
        };
        let identity: Value = serde_json::from_str(&stack.command(&["init"])).unwrap();
        stack.steward = identity["address"].as_str().unwrap().parse().unwrap();
        stack.signer = stack.steward;
        stack.admit(
            identity["address"].as_str().unwrap(),
            &origin,
            identity["encryptionKey"].as_str().unwrap(),
        );
        stack.seed("general-devora-orn.json.gz");
        stack.start_gatekeeper();
        stack
    }

    /// Makes somebody a member of the network.
    pub(crate) fn admit(&self, member: &str, origin: &str, encryption_key: &str) {
        let (network, operator) = (self.folder.join("network.json"), self.folder.join("operator.key"));
        let admit = ["operator", "admit", "--network", text(&network), "--key-file", text(&operator)];
        let member = ["--member", member, "--kind", "provider", "--name", member];
        let place = ["--endpoint", origin, "--encryption-key", encryption_key];
        output("medrec", &[&admit[..], &member, &place].concat());
    }

    /// The relationship of a patient with the steward.
    pub(crate) fn relationship(&self, patient: Address) -> RelationshipId {
        RelationshipId {
            chain_id: self.network.rules.chain_id,
            contract: self.network.relationships.address,
            patient,
            steward: self.steward,
        }
    }

    /// Takes in a committed bundle.
    pub(crate) fn seed(&self, bundle: &str) {
        self.import(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/synthea").join(bundle));
    }

    pub(crate) fn import(&self, bundle: &Path) {
        self.command(&["import", "--bundle", text(bundle)]);
    }

    /// Runs a command of the gatekeeper's program and returns what it prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let config = self.folder.join("gatekeeper.toml");
        output("medrec-gatekeeper", &[arguments, &["--config", text(&config)]].concat())
    }

    /// Runs a command that fails, and returns what it says of that.
    pub(crate) fn failure(&self, arguments: &[&str]) -> String {
        let config = self.folder.join("gatekeeper.toml");
        let mut command = Command::new(tool("medrec-gatekeeper"));
        let output = command.args(arguments).args(["--config", text(&config)]).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    /// Changes a line of the configuration; good from the next start on.
    pub(crate) fn configure(&self, line: &str, other: &str) {
        let path = self.folder.join("gatekeeper.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(line), "{line}");
        std::fs::write(path, text.replace(line, other)).unwrap();
    }

    pub(crate) fn start_gatekeeper(&mut self) {
        self.gatekeeper = Some(self.run("gatekeeper.toml"));
    }

    /// Starts the gatekeeper where no file can grow beyond this size: to the program a full disk.
    pub(crate) fn start_gatekeeper_with_room(&mut self, kibibytes: u64) {
        let limit = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kibibytes * 2);
        let mut run = Command::new("sh");
        run.args(["-c", &limit]).arg(tool("medrec-gatekeeper"));
        self.gatekeeper = Some(self.run_by(run, "gatekeeper.toml"));
    }

    /// Every endpoint of the chain is gone.
    pub(crate) fn stop_chain(&mut self) {
        let mut chain = self.chain.take().unwrap();
        chain.kill().unwrap();
        chain.wait().unwrap();
    }

    /// The chain goes on where it was.
    pub(crate) fn start_chain(&mut self) {
        let endpoints = self.network.endpoints.iter();
        let rpc: Vec<_> = endpoints.map(|url| url.trim_start_matches("http://").to_owned()).collect();
        self.chain = Some(chain(&self.folder, &rpc));
    }

    /// Starts another gatekeeper over the same database, in place of the one that this stack knows, which goes on.
    pub(crate) fn start_another(&mut self) -> Another {
        let [port] = free_ports();
        let listen = std::mem::replace(&mut self.listen, format!("127.0.0.1:{port}"));
        let config = std::fs::read_to_string(self.folder.join("gatekeeper.toml")).unwrap();
        let config =
            config.replace(&format!("listen = \"{listen}\""), &format!("listen = \"{}\"", self.listen));
        std::fs::write(self.folder.join("another.toml"), config).unwrap();
        let another = self.run("another.toml");
        Another { listen, gatekeeper: self.gatekeeper.replace(another) }
    }

    /// Turns to the other one.
    pub(crate) fn turn_to(&mut self, other: &mut Another) {
        std::mem::swap(&mut self.listen, &mut other.listen);
        std::mem::swap(&mut self.gatekeeper, &mut other.gatekeeper);
    }

    fn run(&self, config: &str) -> Child {
        self.run_by(Command::new(tool("medrec-gatekeeper")), config)
    }

    fn run_by(&self, mut run: Command, config: &str) -> Child {
        let config = self.folder.join(config);
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let (child, ready) = spawn(run.args(["run", "--config", text(&config)]).stderr(log));
        assert_eq!(ready["address"], self.steward.to_string());
        child
    }

    /// Where the records are.
    pub(crate) fn database(&self) -> Database {
        Database::parse(&database(&self.folder), &self.folder, None)
    }

    /// Changes rows behind the gatekeeper's back; returns how many.
    pub(crate) fn change(&self, sql: &str) -> u64 {
        self.statement(
            sql,
            |file, sql| file.execute(sql, []).unwrap() as u64,
            |server, sql| server.execute(sql, &[]).unwrap(),
        )
    }

    /// Changes tables behind the gatekeeper's back.
    pub(crate) fn alter(&self, sql: &str) {
        self.statement(
            sql,
            |file, sql| file.execute_batch(sql).unwrap(),
            |server, sql| {
                server.batch_execute(sql).unwrap();
            },
        );
    }

    fn statement<T: Send + 'static>(
        &self,
        sql: &str,
        in_file: impl FnOnce(&rusqlite::Connection, &str) -> T,
        on_server: impl FnOnce(&mut postgres::Client, &str) -> T + Send + 'static,
    ) -> T {
        let Ok(server) = std::env::var("MEDREC_TEST_POSTGRES") else {
            let file = rusqlite::Connection::open(self.folder.join("gatekeeper.sqlite")).unwrap();
            file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            return in_file(&file, sql);
        };
        let (schema, sql) = (schema(&self.folder), sql.to_owned());
        // Its client has a runtime of its own.
        let work = move || {
            let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
            client.batch_execute(&format!("SET search_path TO {schema}")).unwrap();
            on_server(&mut client, &sql)
        };
        std::thread::spawn(work).join().unwrap()
    }

    /// Ends the gatekeeper without any warning.
    pub(crate) fn kill_gatekeeper(&mut self) {
        let mut child = self.gatekeeper.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks the gatekeeper to stop, as a service manager does, and returns whether it ended well.
    pub(crate) fn stop_gatekeeper(&mut self) -> bool {
        let mut child = self.gatekeeper.take().unwrap();
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        child.wait().unwrap().success()
    }

    /// The gatekeeper's process.
    pub(crate) fn gatekeeper_id(&self) -> u32 {
        self.gatekeeper.as_ref().unwrap().id()
    }

    /// What the gatekeeper has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// A light client as a person's browser has it.
    pub(crate) fn browser(&self) -> Browser {
        Client::new(self.network.clone(), Native::new(MemoryHeads::default()).unwrap())
    }

    pub(crate) fn invitation(&self) -> Invitation {
        let patients: Value = serde_json::from_str(&self.command(&["patients"])).unwrap();
        self.invitation_of(patients[0]["id"].as_str().unwrap())
    }

    pub(crate) fn invitation_of(&self, patient: &str) -> Invitation {
        Invitation::parse(&self.command(&["invite", "--patient", patient])).unwrap()
    }

    /// A patient who has redeemed an invitation and accepted.
    pub(crate) async fn patient(&self, browser: &Browser, secret: u8) -> SigningKey {
        self.redeem(browser, &self.invitation(), secret).await
    }

    pub(crate) async fn redeem(&self, browser: &Browser, invitation: &Invitation, secret: u8) -> SigningKey {
        let key = key(secret);
        browser.redeem_invitation(invitation, &key, |_| {}).await.unwrap();
        browser.accept_relationship(&key, self.steward, |_| {}).await.unwrap();
        key
    }

    /// Calls as a client does, and returns what the gatekeeper sealed.
    pub(crate) async fn ask(
        &self,
        browser: &Browser,
        key: &SigningKey,
        patient: Address,
        method: Method,
    ) -> Result<Vec<u8>, ClientError> {
        let head = synced(browser).await;
        let member = browser.member(&head, self.steward).await.unwrap().unwrap();
        let answer =
            browser.call_gatekeeper(&head, &member, Caller { key, patient, via: None }, method).await?;
        Ok(answer.content.to_vec())
    }

    /// Waits until the gatekeeper has published this revision, and returns all of them up to it.
    pub(crate) async fn published(
        &self,
        browser: &Browser,
        patient: Address,
        revision: u64,
    ) -> Vec<RecordSetAnchor> {
        let query = RelationshipQuery { patient, steward: self.steward };
        let published = eventually("a publication", async || {
            let head = synced(browser).await;
            let newest = browser.relationship(&head, query).await.unwrap().record_set?.revision;
            (newest >= revision).then_some((head, newest))
        });
        let (head, newest) = published.await;
        let query = HistoryQuery { patient, steward: self.steward };
        browser.record_sets(&head, query, 1..newest + 1).await.unwrap()
    }

    /// A call of `patient`'s records at the browser's newest head.
    pub(crate) fn call(&self, head: &Head, patient: Address, method: Method) -> (Call, EncryptionKey) {
        let reply = EncryptionKey::derive(&[9; 32]);
        let call = Call {
            method,
            network: self.network.rules.chain_id,
            contract: self.network.relationships.address,
            patient,
            steward: self.steward,
            via: None,
            head: HeadRef { number: head.header().number(), hash: head.header().hash() },
            reply_key: reply.public(),
        };
        (call, reply)
    }

    /// Signs a body now, with a fresh nonce.
    pub(crate) fn sign(&self, browser: &Browser, key: &SigningKey, body: &[u8]) -> Request {
        let mut nonce = [0; 16];
        browser.platform().fill_random(&mut nonce).unwrap();
        self.sign_with(key, &self.origin, body, browser.platform().now(), nonce)
    }

    /// Signs a body with everything given.
    pub(crate) fn sign_with(
        &self,
        key: &SigningKey,
        origin: &Origin,
        body: &[u8],
        created: u64,
        nonce: [u8; 16],
    ) -> Request {
        let signed = sign_call(key, self.network.rules.chain_id, origin, body, created, nonce);
        Request {
            url: format!("http://{}/v1/call", self.listen),
            headers: signed.fields().map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: body.to_vec(),
            signature: signed.signature(),
        }
    }

    /// Sends a request and returns the refusal that the gatekeeper signed for exactly this request, or `None` for 200.
    pub(crate) async fn refusal(&self, browser: &Browser, request: &Request) -> Option<RefusalBody> {
        self.refusal_in(request, &send(browser, request).await.unwrap())
    }

    /// The refusal in an answer that the gatekeeper signed for exactly this request, or `None` for 200.
    pub(crate) fn refusal_in(&self, request: &Request, answer: &HttpAnswer) -> Option<RefusalBody> {
        match self.verify(request, answer).unwrap().content {
            AnswerContent::Sealed => None,
            AnswerContent::Refusal(refusal) => Some(refusal),
        }
    }

    /// Verifies that the gatekeeper signed an answer for exactly this request.
    pub(crate) fn verify(
        &self,
        request: &Request,
        answer: &HttpAnswer,
    ) -> Result<VerifiedAnswer, AnswerError> {
        let headers: Vec<(&str, &[u8])> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let asked = Asked {
            origin: self.origin.clone(),
            chain_id: self.network.rules.chain_id,
            signer: self.signer,
            request_signature: request.signature,
        };
        verify_answer(answer.status, &headers, &answer.body, &asked)
    }
}

/// A gatekeeper beside the one that the stack knows.
pub(crate) struct Another {
    listen: String,
    gatekeeper: Option<Child>,
}

impl Drop for Another {
    fn drop(&mut self) {
        if let Some(child) = self.gatekeeper.as_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for child in [self.gatekeeper.as_mut(), self.chain.as_mut()].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Starts the chain of a stack.
fn chain(folder: &Path, rpc: &[String]) -> Child {
    let mut devnet = Command::new(tool("medrec-devnet"));
    devnet.args(["--state", text(&folder.join("chain")), "--rpc", &rpc.join(",")]).stderr(Stdio::null());
    spawn(&mut devnet).0
}

/// A signed request that a test may still bend.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) signature: [u8; 65],
}

pub(crate) async fn send(browser: &Browser, request: &Request) -> Result<HttpAnswer, TransportError> {
    let request = HttpRequest {
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        max_answer_bytes: 64 << 20,
        timeout_millis: 30_000,
    };
    browser.platform().post(request).await
}

/// A program that `cargo xtask test` installs with the FHIR server.
pub(crate) fn installed(name: &str) -> PathBuf {
    let target = tool("medrec").parent().and_then(Path::parent).map(Path::to_owned).unwrap();
    let program = target.join("tools/sekmet/bin").join(name);
    assert!(program.exists(), "{} is missing: cargo xtask test installs it", program.display());
    program
}

/// Makes an authority (`authority.pem`) and a certificate for localhost (`tls.crt`, `tls.key`) in a folder.
pub(crate) fn make_certificate(folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fhir-server/certificate.py");
    assert!(Command::new(installed("python")).arg(script).current_dir(folder).status().unwrap().success());
}

/// An HTTP client that trusts the authority in a folder, and nobody else.
pub(crate) fn trusting(folder: &Path) -> reqwest::Client {
    // Fails only if it was done before.
    let _done = rustls::crypto::ring::default_provider().install_default();
    let authority = std::fs::read(folder.join("authority.pem")).unwrap();
    let authority = reqwest::Certificate::from_pem(&authority).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap()
}

pub(crate) fn key(secret: u8) -> SigningKey {
    SigningKey::from_bytes(&[secret; 32]).unwrap()
}

pub(crate) async fn synced(browser: &Browser) -> Head {
    browser.sync().await.unwrap();
    browser.fresh_head().unwrap()
}

/// Waits until `look` finds something, at most a quarter of a minute.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    for _ in 0..60 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("{what} did not come about");
}

/// Builds the other programs of the stack once, with the cargo that runs this test.
fn build_tools() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        if tool("medrec-devnet").exists()
            && tool("medrec").exists()
            && std::env::var_os("MEDREC_TOOLS_BUILT").is_some()
        {
            return;
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "-p", "devnet", "-p", "cli"]);
        if tool("medrec").parent().is_some_and(|folder| folder.ends_with("release")) {
            build.arg("--release");
        }
        let built = build.status().unwrap();
        assert!(built.success());
    });
}

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_medrec-gatekeeper")).with_file_name(name)
}

fn output(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool(name)).args(arguments).output().unwrap();
    assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Starts a server and waits for its line that says it is ready.
fn spawn(command: &mut Command) -> (Child, Value) {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
    assert_eq!(ready["ready"], true);
    (child, ready)
}

/// What a configuration names as the database: a file, or a schema of its own on the server that `MEDREC_TEST_POSTGRES`
/// names.
fn database(folder: &Path) -> String {
    let Ok(server) = std::env::var("MEDREC_TEST_POSTGRES") else { return "gatekeeper.sqlite".to_owned() };
    let schema = schema(folder);
    let text = format!("{server}?options=-c%20search_path%3D{schema}");
    let create = move || {
        let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).unwrap();
    };
    // Its client has a runtime of its own.
    std::thread::spawn(create).join().unwrap();
    text
}

fn schema(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().replace('-', "_")
}

fn fresh_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("medrec-stack-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Ports on which nobody listens, each given out once, below those that the system lends to outgoing connections: one of these
/// could be taken again before the server that it is meant for starts.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let offset = std::process::id().wrapping_mul(131);
    [(); N].map(|()| {
        loop {
            let number = offset.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
            let port = 20_000 + u16::try_from(number).unwrap();
            if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    })
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A weight as a scale's maker writes it.
pub(crate) fn weight(
    relationship: &RelationshipId,
    author: &SigningKey,
    name: &str,
    kilograms: u32,
) -> Record {
    let resource = json!({
        "resourceType": "Observation",
        "id": contributed_id(author.address(), name),
        "status": "final",
        "category": [{ "coding": [{ "code": "vital-signs" }] }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "29463-7" }] },
        "subject": subject(relationship),
        "effectiveDateTime": "2026-11-27",
        "valueQuantity": { "value": kilograms, "system": "http://unitsofmeasure.org", "code": "kg" },
    });
    Record::parse(resource.to_string().as_bytes()).unwrap()
}
