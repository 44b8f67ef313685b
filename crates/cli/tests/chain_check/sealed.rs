//! Chains of the development chain, recorded here: every scheme, through votes, epochs and all that a validator set
//! goes through, with answers to every question that the format knows.

use std::path::PathBuf;

use alloy_primitives::B256;
use client::rpc::{RpcCall, decode_header, request};
use devnet::{Devnet, Options, Rules, Scheme, Sealing};
use lightclient::validator_slots;
use native::{MemoryHeads, Native};
use serde_json::{Value, json};

use crate::folder::Folder;

const CONTRACT: &str = "0x0000000000000000000000000000000000008888";
const EPOCH: u64 = 8;
const HEIGHT: u64 = 30;
const GENESIS_TIME: u64 = 1_700_000_000;

#[tokio::test]
async fn chains_of_every_scheme_hold() {
    for (name, scheme) in Scheme::ALL {
        let folder = record(scheme).await;
        let (headers, variants) = (HEIGHT + 1, 2 * HEIGHT);
        let (receipts, logs) = match scheme {
            Scheme::QbftContract => (2, 2),
            _ => (0, 0),
        };
        folder.assert_holds(&format!(
            "headers {headers} of {headers}, proofs {headers} of {headers}, receipts {receipts} of {receipts}, \
             logs {logs} of {logs}, variants {variants} of {variants}, negatives 0 of 0\n"
        ));
        folder.assert_refuses_mutations();
        // The rules are those of the genesis file: under any other scheme nothing holds.
        for (other, _) in Scheme::ALL.into_iter().filter(|(other, _)| *other != name) {
            folder.edit("headers.json", |file| file["config"] = config(Scheme::named(other).unwrap()));
            let (code, line, _) = folder.check(&[]);
            assert_eq!(code, 1, "{name} as {other}: {line}");
        }
    }
}

/// What the genesis file of an engine would say.
fn config(scheme: Scheme) -> Value {
    let pace = json!({ "epochlength": EPOCH, "blockperiodseconds": 1 });
    let mut config = json!({ "chainId": 4242 });
    match scheme {
        Scheme::Clique => config["clique"] = json!({ "epoch": EPOCH, "period": 1 }),
        Scheme::Ibft => config["istanbul"] = pace,
        Scheme::Ibft2 => config["ibft2"] = pace,
        Scheme::Qbft => config["qbft"] = pace,
        Scheme::QbftContract => {
            config["qbft"] = pace;
            config["qbft"]["validatorselectionmode"] = json!("contract");
            config["qbft"]["validatorcontractaddress"] = json!(CONTRACT);
        }
    }
    config
}

/// A chain whose endpoints can be asked.
struct Net {
    devnet: Devnet,
    platform: Native<MemoryHeads>,
    state: PathBuf,
    now: u64,
}

impl Net {
    async fn start(scheme: Scheme) -> Self {
        let state =
            std::env::temp_dir().join(format!("medrec-sealed-{}-{}", scheme.name(), std::process::id()));
        let _former = std::fs::remove_dir_all(&state);
        let options = Options {
            state: state.clone(),
            listen: vec!["127.0.0.1:0".parse().unwrap(); 2],
            rules: Rules { chain_id: 4242, scheme, epoch: EPOCH, ..Rules::default() },
            genesis_time: Some(GENESIS_TIME),
            sealing: Sealing::Manual,
        };
        let devnet = Devnet::start(options).await.unwrap();
        let platform = Native::new(MemoryHeads::default()).unwrap();
        Self { devnet, platform, state, now: GENESIS_TIME }
    }

    async fn ask(&self, endpoint: usize, method: &'static str, params: Value) -> Value {
        let url = &self.devnet.endpoints()[endpoint];
        let mut answers = request(&self.platform, url, &[RpcCall { method, params }]).await.unwrap();
        answers.pop().unwrap().unwrap()
    }

    fn seal(&mut self) {
        self.now += 1;
        self.devnet.chain().seal_next(self.now).unwrap().unwrap();
    }

    async fn stop(self) {
        self.devnet.stop().await;
        std::fs::remove_dir_all(self.state).unwrap();
    }
}

/// A chain in which a validator is voted in, and another out.
async fn record(scheme: Scheme) -> Folder {
    let mut net = Net::start(scheme).await;
    let mut recording = Recording::default();
    recording.add(&net, scheme, 0).await;
    for number in 1..=HEIGHT {
        match number {
            3 => drop(net.ask(0, "devnet_vote", json!(["add"])).await),
            17 => {
                let leaver = net.devnet.chain().validators()[0];
                drop(net.ask(0, "devnet_vote", json!(["drop", leaver])).await);
            }
            _ => {}
        }
        net.seal();
        recording.add(&net, scheme, number).await;
        let validators = net.devnet.chain().validators().len();
        assert!((4..=5).contains(&validators));
    }
    assert_eq!(net.devnet.chain().validators().len(), 4);
    net.stop().await;
    recording.write(scheme)
}

#[derive(Default)]
struct Recording {
    headers: Vec<Value>,
    blocks: Vec<Value>,
    receipts: serde_json::Map<String, Value>,
    proofs: Vec<Value>,
    variants: Vec<Value>,
}

impl Recording {
    /// Asks for all there is at a height.
    async fn add(&mut self, net: &Net, scheme: Scheme, number: u64) {
        let height = format!("{number:#x}");
        let block = net.ask(0, "eth_getBlockByNumber", json!([height, true])).await;
        let rlp = alloy_primitives::Bytes::from(decode_header(&block).unwrap().encode());
        self.headers.push(json!({ "number": height, "hash": block["hash"], "headerRlp": rlp }));
        self.blocks.push(json!({ "number": number, "transactions": block["transactions"] }));
        if !block["transactions"].as_array().unwrap().is_empty() {
            let receipts = net.ask(0, "eth_getBlockReceipts", json!([height])).await;
            self.receipts.insert(height.clone(), receipts);
        }
        let count = net.devnet.chain().validators().len();
        let slots: Vec<B256> = validator_slots(alloy_primitives::U256::ZERO, count);
        let answer = net.ask(0, "eth_getProof", json!([CONTRACT, slots, height])).await;
        self.proofs.push(json!({ "block": number, "stateRoot": block["stateRoot"], "address": CONTRACT,
            "slots": slots, "labels": ["ignored"], "answer": answer }));
        if number > 0 {
            let other = net.ask(1, "eth_getBlockByNumber", json!([height, false])).await;
            let variants = json!([{ "extraData": block["extraData"] }, { "extraData": other["extraData"] }]);
            self.variants.push(json!({ "number": number, "hash": block["hash"], "variants": variants }));
            assert!(scheme == Scheme::Clique || number > 1 || block["extraData"] != other["extraData"]);
        }
    }

    fn write(self, scheme: Scheme) -> Folder {
        let folder = Folder::new();
        folder.write("headers.json", &json!({ "config": config(scheme), "headers": self.headers }));
        folder.write("blocks.json", &json!(self.blocks));
        folder.write("receipts.json", &Value::Object(self.receipts));
        folder.write("proofs.json", &json!(self.proofs));
        folder.write("seal-variants.json", &json!(self.variants));
        folder
    }
}
