//! The program itself: ready line, signals, and being killed.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::{Value, json};

use crate::check::check;
use crate::harness::{Account, Folder, WRITER, call, creation, number, text, words};

struct Process {
    child: Child,
    ready: Value,
}

impl Process {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_medrec-devnet"))
            .arg("--state")
            .arg(folder.path())
            .args(["--rpc", "127.0.0.1:0,127.0.0.1:0", "--period", "1", "--chain-id", "81777"])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
        Self { ready: serde_json::from_str(&line).expect("JSON"), child }
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        call(text(&self.ready["endpoints"][0]), method, params)["result"].clone()
    }

    /// Waits until the chain has a block.
    fn wait_for(&self, block: u64) {
        while number(&self.ask("eth_blockNumber", json!([]))) < block {
            std::thread::yield_now();
        }
    }

    fn signal(mut self, signal: &str) -> ExitStatus {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn keeps_every_block_it_has_served_when_it_is_killed() {
    let folder = Folder::new();
    let process = Process::start(&folder);
    let mut account = Account::new(1);
    let contract = account.address().create(0);
    process.ask("eth_sendRawTransaction", json!([account.sign(None, creation(WRITER))]));
    let mut served: Vec<Value> = Vec::new();
    for value in 1..=200 {
        let raw = account.sign(Some(contract), words(value % 7, value));
        process.ask("eth_sendRawTransaction", json!([raw]));
        let head = process.ask("eth_getBlockByNumber", json!(["latest", true]));
        if served.last() != Some(&head) {
            served.push(head);
        }
    }
    process.wait_for(3);
    served.push(process.ask("eth_getBlockByNumber", json!(["latest", true])));
    process.signal("-KILL");

    let process = Process::start(&folder);
    for block in &served {
        check(block).expect("properly sealed");
        assert_eq!(&process.ask("eth_getBlockByNumber", json!([block["number"], true])), block);
    }
    let last = number(&served[served.len() - 1]["number"]);
    process.wait_for(last + 2);
    let mut parent = served[served.len() - 1].clone();
    for next in last + 1..=last + 2 {
        let block = process.ask("eth_getBlockByNumber", json!([format!("{next:#x}"), false]));
        check(&block).expect("properly sealed");
        assert_eq!(block["parentHash"], parent["hash"]);
        assert!(number(&block["timestamp"]) > number(&parent["timestamp"]));
        parent = block;
    }
}

#[test]
fn ends_in_order_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let folder = Folder::new();
        let process = Process::start(&folder);
        assert_eq!((&process.ready["ready"], &process.ready["chainId"]), (&json!(true), &json!(81777)));
        assert!(process.signal(signal).success());
    }
}

#[test]
fn seals_every_second_and_never_ahead_of_the_clock() {
    let folder = Folder::new();
    let process = Process::start(&folder);
    process.wait_for(3);
    let times: Vec<u64> = (0..=3)
        .map(|block| {
            number(&process.ask("eth_getBlockByNumber", json!([format!("{block:#x}"), false]))["timestamp"])
        })
        .collect();
    assert!(times.windows(2).all(|pair| pair[1] > pair[0]), "{times:?}");
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    assert!(times[3] <= now, "{times:?}, now {now}");
}

#[test]
fn explains_its_options() {
    for (arguments, problem) in [
        (&["--rpc", "127.0.0.1:0"][..], "--state is missing"),
        (&["--state", "x"], "--rpc is missing"),
        (&["--state"], "--state needs a value"),
        (&["--state", "x", "--rpc", "nowhere"], "--rpc nowhere: invalid socket address syntax"),
        (&["--state", "x", "--period", "-1"], "--period -1: invalid digit found in string"),
        (
            &["--state", "x", "--scheme", "pow"],
            "--scheme pow: expected one of clique, ibft, ibft2, qbft, qbft-contract",
        ),
        (&["--speed", "9"], "unknown option --speed"),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_medrec-devnet"))
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut error = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut error).expect("text");
        assert_eq!(child.wait().expect("it ends").code(), Some(2));
        assert_eq!(error.lines().next(), Some(format!("medrec-devnet: {problem}").as_str()));
    }
}
