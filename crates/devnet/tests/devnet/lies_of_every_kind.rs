//! Each lie of the list is really told on every scheme it belongs to, by one endpoint, for as long as it is switched on.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use devnet::{Lie, Rules, Scheme};
use serde_json::{Value, json};

use crate::check::{Fault, check};
use crate::clique;
use crate::harness::{Account, CHAIN_ID, Net, WRITER, address, hash, number, post, text, words};

const EPOCH: u64 = 8;

/// A chain with two filled slots, failed and good transactions, and a validator who was removed.
struct World {
    net: Net,
    contract: Address,
    receipt: Value,
}

impl World {
    fn start(scheme: Scheme) -> Self {
        let rules = Rules { chain_id: CHAIN_ID, scheme, epoch: EPOCH, ..Rules::default() };
        let (mut net, mut account) = (Net::start_with(rules), Account::new(1));
        let contract = net.deploy(&mut account, WRITER);
        net.transact(&mut account, Some(contract), words(1, 11));
        let receipt = net.transact(&mut account, Some(contract), words(2, 22));
        let member = net.devnet().chain().validators()[3];
        net.vote(json!(["drop", member]));
        while net.seal() < EPOCH + 2 {}
        Self { net, contract, receipt }
    }

    /// Everything a reader might ask for, in one body.
    fn probe(&self, endpoint: usize) -> (u16, Vec<u8>) {
        let slots: Vec<B256> = [1, 2].map(|slot| U256::from(slot).into()).into();
        let epoch = format!("{EPOCH:#x}");
        let calls = [
            ("eth_chainId", json!([])),
            ("eth_blockNumber", json!([])),
            ("eth_getBlockByNumber", json!(["latest", true])),
            ("eth_getBlockByNumber", json!(["latest", true])),
            ("eth_getBlockByNumber", json!([epoch, false])),
            ("eth_getBlockByNumber", json!([self.receipt["blockNumber"], true])),
            ("eth_getProof", json!([self.contract, slots, "latest"])),
            ("eth_getBlockReceipts", json!([self.receipt["blockNumber"]])),
            ("eth_getLogs", json!([{ "fromBlock": "0x0" }])),
            ("eth_getTransactionReceipt", json!([self.receipt["transactionHash"]])),
            ("eth_getCode", json!([self.contract, "latest"])),
        ];
        let batch: Vec<Value> = (0..)
            .zip(calls)
            .map(|(id, (method, params))| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .collect();
        let (status, _, body) = post(&self.net.endpoints[endpoint], json!(batch).to_string().as_bytes());
        (status, body)
    }

    fn tell(&self, lie: &str) {
        assert_eq!(self.net.ask_at(1, "devnet_setLie", json!([lie])), lie);
    }

    fn block(&self, endpoint: usize, number: u64) -> Value {
        self.net.ask_at(endpoint, "eth_getBlockByNumber", json!([format!("{number:#x}"), false]))
    }
}

/// Those have tests of their own: they take long.
const TIMELY: [&str; 4] = ["drip", "endless", "hang", "slow"];

#[test]
fn every_lie_is_told_by_one_endpoint_and_ends() {
    for (_, scheme) in Scheme::ALL {
        let mut world = World::start(scheme);
        let lies: Vec<&Lie> = Lie::all().filter(|lie| lie.schemes.contains(&scheme)).collect();
        assert!(lies.len() >= 25, "{scheme:?} has {}", lies.len());
        for lie in lies.into_iter().filter(|lie| !TIMELY.contains(&lie.name)) {
            world.tell(lie.name);
            world.net.seal();
            let (liar, honest) = (world.probe(1), world.probe(0));
            assert_eq!(world.net.ask_at(1, "devnet_setLie", json!([null])), Value::Null);
            assert_ne!(liar, world.probe(1), "{} is not told on {scheme:?}", lie.name);
            assert_eq!(honest, world.probe(0), "{}", lie.name);
        }
    }
}

#[test]
fn lists_its_lies_and_says_which_there_are() {
    let net = Net::start();
    let listed = net.ask("devnet_lies", json!([]));
    let names: Vec<&str> = Lie::all().map(|lie| lie.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "a name stands once");
    for (entry, lie) in listed.as_array().expect("a list").iter().zip(Lie::all()) {
        let schemes: Vec<&str> = lie.schemes.iter().map(|scheme| scheme.name()).collect();
        assert_eq!(*entry, json!({ "name": lie.name, "doc": lie.doc, "schemes": schemes }));
        assert!(lie.doc.ends_with('.') && !schemes.is_empty());
    }
    let unknown = format!("no lie is called \"x\", there are {}", names.join(", "));
    assert_eq!(net.fail("devnet_setLie", json!(["x"])), (-32602, unknown));
    let misplaced = "lone-signer cannot be told on a chain of scheme qbft".to_owned();
    assert_eq!(net.fail("devnet_setLie", json!(["lone-signer"])), (-32602, misplaced));
    let early = "no validator has been removed yet".to_owned();
    assert_eq!(net.fail("devnet_setLie", json!(["old-validators"])), (-32000, early));
}

#[test]
fn qbft_headers_are_sealed_or_not_as_each_lie_says() {
    let world = World::start(Scheme::Qbft);
    let latest = world.net.devnet().chain().head_number();
    let honest = world.block(0, latest);
    let sealed = ["backward", "fork", "future", "malleable-seal", "own-validators", "wrong-difficulty"];
    for lie in sealed.into_iter().chain(["wrong-mix-hash", "wrong-parent"]) {
        world.tell(lie);
        let served = world.block(1, latest);
        let outcome = std::panic::catch_unwind(|| check(&served));
        // The check knows no seal with a high s.
        assert_eq!(outcome.is_err(), lie == "malleable-seal", "{lie}");
        assert!(outcome.map_or(true, |checked| checked.is_ok()), "{lie}");
        assert_eq!(served["hash"] == honest["hash"], lie == "malleable-seal", "{lie}");
    }
    for lie in
        ["forged-header", "forged-receipts-root", "forged-transactions-root", "wrong-number", "wrong-round"]
    {
        world.tell(lie);
        let fault = check(&world.block(1, latest)).expect_err(lie);
        // The hash fits all the same.
        assert!(matches!(fault, Fault::Outsider(_)), "{lie}: {fault:?}");
    }
    world.tell("wrong-hash");
    assert!(matches!(check(&world.block(1, latest)), Err(Fault::Hash { .. })));
    world.tell("backward");
    assert!(number(&world.block(1, latest)["timestamp"]) < number(&world.block(0, latest - 1)["timestamp"]));
}

#[test]
fn equivocation_shows_two_sealed_heads_at_one_height() {
    let world = World::start(Scheme::Qbft);
    let latest = world.net.devnet().chain().head_number();
    world.tell("equivocation");
    let [first, second, third] = [0; 3].map(|_| world.block(1, latest));
    assert_eq!((&first["hash"], &third), (&world.block(0, latest)["hash"], &first));
    assert_ne!(first["hash"], second["hash"]);
    check(&second).expect("properly sealed");
}

#[test]
fn forks_follow_all_rules_but_one() {
    let mut world = World::start(Scheme::Qbft);
    let head = world.net.seal();
    world.tell("old-validators");
    let split = (1..=head).find(|height| world.block(0, *height)["hash"] != world.block(1, *height)["hash"]);
    let split = split.expect("there is a fork");
    for height in split..=head {
        let (served, parent) = (world.block(1, height), world.block(1, height - 1));
        assert_eq!(served["parentHash"], parent["hash"]);
        assert_eq!(check(&served).expect("properly sealed").extra.validators.len(), 4);
    }
    let by_hash = world.net.ask_at(1, "eth_getBlockByHash", json!([world.block(1, head)["hash"], false]));
    assert_eq!(by_hash, world.block(1, head));
    world.tell("foreign-chain");
    assert_ne!(world.block(1, 0)["hash"], world.block(0, 0)["hash"]);
    for height in 1..=head {
        assert_eq!(world.block(1, height)["parentHash"], world.block(1, height - 1)["hash"]);
        check(&world.block(1, height)).expect("properly sealed");
    }
}

/// What the rules of EIP-225 say of each block an endpoint serves.
fn faults(world: &World, endpoint: usize) -> Vec<Option<clique::Fault>> {
    let mut snapshot = clique::Snapshot::genesis(&world.block(0, 0), EPOCH);
    let head = world.net.devnet().chain().head_number();
    (1..=head)
        .map(|height| {
            let fault = snapshot.clone().apply(&world.block(endpoint, height)).err();
            snapshot.apply(&world.block(0, height)).expect("the others are honest");
            fault
        })
        .collect()
}

#[test]
fn clique_headers_break_the_rule_each_lie_says() {
    let mut world = World::start(Scheme::Clique);
    let at_epochs = |faults: &[Option<clique::Fault>]| -> BTreeSet<u64> {
        (1..).zip(faults).filter(|(_, fault)| fault.is_some()).map(|(height, _)| height).collect()
    };
    for lie in ["bare-checkpoint", "checkpoint-vote", "foreign-checkpoint"] {
        world.tell(lie);
        let faults = faults(&world, 1);
        assert_eq!(at_epochs(&faults), [EPOCH].into(), "{lie}");
        assert_eq!(faults[7], Some(clique::Fault::Checkpoint), "{lie}");
    }
    world.tell("stray-list");
    assert!(faults(&world, 1).iter().filter(|fault| **fault == Some(clique::Fault::Checkpoint)).count() > 5);
    world.tell("outsider-seal");
    let outsider = Account::new(0x42).address();
    assert!(faults(&world, 1).iter().all(|fault| *fault == Some(clique::Fault::Signer(outsider))));
    world.tell("recent-signer");
    // Once the signer before is the one who was just voted out.
    let is_refused =
        |fault: &Option<_>| matches!(fault, Some(clique::Fault::Recent(_) | clique::Fault::Signer(_)));
    assert!(faults(&world, 1)[1..].iter().all(is_refused));
    world.tell("wrong-difficulty");
    assert!(faults(&world, 1).iter().all(|fault| matches!(fault, Some(clique::Fault::Difficulty(_)))));
    for lie in ["wrong-mix-hash", "wrong-nonce"] {
        world.tell(lie);
        let faults = faults(&world, 1);
        let expected = if lie == "wrong-nonce" { clique::Fault::Checkpoint } else { clique::Fault::Fields };
        assert_eq!((&faults[0], &faults[7]), (&Some(clique::Fault::Fields), &Some(expected)), "{lie}");
    }
    for lie in ["forged-header", "mutated-seal", "short-seals", "wrong-number"] {
        world.tell(lie);
        assert!(faults(&world, 1).iter().all(Option::is_some), "{lie}");
    }
    for lie in ["fork", "malleable-seal", "future", "backward", "wrong-parent"] {
        world.tell(lie);
        assert!(faults(&world, 1).iter().all(Option::is_none), "{lie} is a matter of time and parents");
        let head = world.net.devnet().chain().head_number();
        assert_ne!(hash(&world.block(1, head)["hash"]), hash(&world.block(0, head)["hash"]), "{lie}");
    }
    world.tell("lone-signer");
    let head = world.net.devnet().chain().head_number();
    let mut snapshot = clique::Snapshot::genesis(&world.block(0, 0), EPOCH);
    (1..=head).for_each(|height| assert!(snapshot.apply(&world.block(1, height)).is_ok()));
    while world.net.seal() < head + 6 {}
    let mut outcomes = (head + 1..=head + 6).map(|height| snapshot.apply(&world.block(1, height)));
    assert!(outcomes.any(|outcome| matches!(outcome, Err(clique::Fault::Recent(_)))));
    let parents = (head + 1..=head + 6).map(|height| world.block(1, height)["parentHash"].clone());
    assert!(parents.eq((head..head + 6).map(|height| world.block(1, height)["hash"].clone())));
}

#[test]
fn answers_may_be_told_about_other_things() {
    let world = World::start(Scheme::Qbft);
    let ask = |method: &str, params: Value| world.net.ask_at(1, method, params);
    let (mined, sent) = (json!([world.receipt["blockNumber"]]), json!([world.receipt["transactionHash"]]));
    world.tell("omitted-log");
    assert_eq!(ask("eth_getBlockReceipts", mined.clone())[0]["logs"], json!([]));
    let logs = ask("eth_getLogs", json!([{ "fromBlock": "0x0" }]));
    assert_eq!(logs.as_array().expect("logs").len(), 1);
    world.tell("invented-log");
    let receipt = ask("eth_getTransactionReceipt", sent.clone());
    assert_eq!(receipt["logs"].as_array().expect("logs").len(), 2);
    assert_eq!(address(&receipt["logs"][1]["address"]), Address::repeat_byte(0x42));
    world.tell("other-receipt");
    assert_ne!(ask("eth_getTransactionReceipt", sent.clone())["blockHash"], world.receipt["blockHash"]);
    assert_ne!(ask("eth_getBlockReceipts", mined)[0]["blockHash"], world.receipt["blockHash"]);
    world.tell("changed-receipts");
    assert_eq!(ask("eth_getTransactionReceipt", sent.clone())["status"], "0x0");
    world.tell("unmined");
    assert_eq!(ask("eth_getTransactionReceipt", sent.clone()), Value::Null);
    assert_eq!(ask("eth_getTransactionByHash", sent)["blockHash"], Value::Null);
    world.tell("reordered-slots");
    let slots: Vec<B256> = [1, 2].map(|slot| U256::from(slot).into()).into();
    let proof = |endpoint| {
        world.net.ask_at(endpoint, "eth_getProof", json!([world.contract, slots, "latest"]))["storageProof"]
            .clone()
    };
    assert_eq!((&proof(1)[0], &proof(1)[1]), (&proof(0)[1], &proof(0)[0]));
    world.tell("other-slot");
    assert_eq!((&proof(1)[0]["key"], &proof(1)[0]["proof"]), (&proof(0)[0]["key"], &proof(0)[1]["proof"]));
    world.tell("null");
    assert_eq!(ask("eth_chainId", json!([])), Value::Null);
    world.tell("swapped-batch");
    let batch = br#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","id":2,"method":"net_version"}]"#;
    let answers: Value = serde_json::from_slice(&post(&world.net.endpoints[1], batch).2).expect("JSON");
    let by_id: Vec<(&Value, &Value)> = answers
        .as_array()
        .expect("a batch")
        .iter()
        .map(|answer| (&answer["id"], &answer["result"]))
        .collect();
    assert_eq!(by_id, [(&json!(2), &json!("0x13f71")), (&json!(1), &json!("81777"))]);
}

/// Sends a request and leaves the answer in the stream.
fn send(url: &str) -> TcpStream {
    let host = url.strip_prefix("http://").expect("an http URL");
    let mut stream = TcpStream::connect(host).expect("the endpoint listens");
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).expect("the endpoint reads");
    stream.set_read_timeout(Some(Duration::from_millis(700))).expect("a timeout");
    stream
}

#[test]
fn answers_may_never_come_or_never_end() {
    let world = World::start(Scheme::Qbft);
    let url = world.net.endpoints[1].clone();
    world.tell("hang");
    let nothing = send(&url).read(&mut [0; 1]).expect_err("no answer");
    assert!(matches!(nothing.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
    world.tell("endless");
    let mut stream = send(&url);
    let mut taken = vec![0; 128 * 1024 * 1024];
    stream.read_exact(&mut taken).expect("there is always more");
    drop(stream);
    world.tell("drip");
    let mut body = Vec::new();
    let ended = send(&url).take(400).read_to_end(&mut body);
    assert!(ended.is_err() || body.len() == 400, "it is not over yet");
    let body = String::from_utf8(body).expect("text");
    let (_, start) = body.split_once("\r\n\r\n").expect("a head");
    assert!(start.starts_with("1\r\n{\r\n"), "{start:?}");
    world.tell("truncated");
    let mut body = String::new();
    let _ = send(&url).read_to_string(&mut body);
    assert!(
        body.contains("{\"jsonrpc") && !body.contains("0x13f71") && !body.ends_with("0\r\n\r\n"),
        "{body}"
    );
    world.tell("redirect");
    let (status, head, _) = post(&url, b"{}");
    assert!(status == 307 && head.contains("location: /"), "{head}");
    world.tell("duplicate-keys");
    let (_, _, body) = post(&url, br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#);
    let body = String::from_utf8(body).expect("text");
    assert_eq!(body.matches("\"result\"").count(), 2, "{body}");
    assert_eq!(text(&world.net.ask_at(0, "eth_chainId", json!([]))), "0x13f71");
}
