//! One engine as a process: started by `tests/engines/engines.mjs`, asked through the client's own HTTP port.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use client::rpc::{self, RpcCall, RpcError};
use lightclient::{Asked, ChainRules, Header, Transaction, TrustedCheckpoint, transaction_hash};
use native::{MemoryHeads, Native};
use protocol::contracts::creation::{self, Addresses};
use protocol::contracts::{self, Admission};
use protocol::keys::SigningKey;
use protocol::layout::MemberKind;
use protocol::network::{ContractRef, Network, network_id};
use serde_json::{Value, json};

/// A running engine. It ends with this value, and with this program.
pub(crate) struct Engine {
    process: Child,
    pub(crate) url: String,
    pub(crate) chain_id: u64,
    /// A rich account; on the Clique engine also the signer.
    pub(crate) key: SigningKey,
}

impl Engine {
    /// Starts an engine; a test that cannot have it fails.
    pub(crate) fn start(name: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/engines/engines.mjs");
        let mut process = Command::new("node")
            .args([script, name, env!("CARGO_TARGET_TMPDIR")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is not installed");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let place: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!(
                "{name} did not start, see above; `cargo xtask test` installs it (npm ci in tests/engines)"
            )
        });
        let text = |name: &str| place[name].as_str().unwrap();
        Self {
            process,
            url: text("url").to_owned(),
            chain_id: place["chainId"].as_u64().unwrap(),
            key: SigningKey::from_bytes(&text("key").parse::<B256>().unwrap().0).unwrap(),
        }
    }

    /// Asks one question.
    pub(crate) async fn ask(&self, call: RpcCall) -> Result<Value, RpcError> {
        let http = Native::new(MemoryHeads::default()).unwrap();
        rpc::request(&http, &self.url, &[call]).await?.pop().unwrap()
    }

    /// A header as the engine serves it.
    pub(crate) async fn header(&self, asked: Asked) -> Header {
        rpc::decode_header(&self.ask(RpcCall::header(asked)).await.unwrap()).unwrap()
    }

    /// Deploys MedRec's contracts and admits a member; returns when all of it is in blocks.
    pub(crate) async fn deploy(&self, genesis_hash: B256) -> Deployed {
        let operator = self.key.address();
        let at = creation::addresses(operator, 0);
        let messages = [
            (None, creation::registry(network_id(self.chain_id, genesis_hash), &[operator], &at)),
            (None, creation::relationships(&at)),
            (None, creation::summary(&at)),
            (Some(at.registry), contracts::admit_member(&admission())),
        ];
        let mut last = B256::ZERO;
        for (nonce, (to, data)) in (0..).zip(messages) {
            let raw = self.sign(nonce, to, data.into());
            self.ask(RpcCall::send_raw(&raw)).await.unwrap();
            last = transaction_hash(&raw);
        }
        let receipt = self.receipt(last).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        let number = rpc::decode_u64("blockNumber", receipt["blockNumber"].as_str().unwrap()).unwrap();
        Deployed { at, admission: last, number }
    }

    /// Describes the network as its operator would, who believes the engine; everybody else has it proven.
    pub(crate) async fn network(
        &self,
        rules: ChainRules,
        genesis_hash: B256,
        deployed: &Deployed,
    ) -> Network {
        let described = async |address| {
            let proof = self.ask(RpcCall::proof(address, &[], deployed.number)).await.unwrap();
            ContractRef { address, code_hash: proof["codeHash"].as_str().unwrap().parse().unwrap() }
        };
        let network = Network {
            name: "engine".to_owned(),
            network_id: network_id(self.chain_id, genesis_hash),
            rules,
            genesis_hash,
            checkpoint: TrustedCheckpoint { number: 0, hash: genesis_hash },
            checkpoint_validators: None,
            registry: described(deployed.at.registry).await,
            relationships: described(deployed.at.relationships).await,
            summary: described(deployed.at.summary).await,
            endpoints: vec![self.url.clone()],
            operators: None,
            max_head_age: 30,
            demo: true,
        };
        Network::parse(network.to_json().as_bytes()).unwrap()
    }

    fn sign(&self, nonce: u64, to: Option<Address>, data: Bytes) -> Vec<u8> {
        let (gas_price, gas_limit) = (10_000_000_000, 5_000_000);
        let transaction =
            Transaction { chain_id: self.chain_id, nonce, gas_price, gas_limit, to, value: U256::ZERO, data };
        transaction.encode_signed(&self.key.sign_digest(transaction.signing_digest()))
    }

    /// Waits until there is a block at this height.
    pub(crate) async fn reaches(&self, number: u64) {
        for _ in 0..PATIENCE {
            if self.header(Asked::Latest).await.number >= number {
                return;
            }
            pause().await;
        }
        panic!("no block {number}");
    }

    /// Waits for a transaction to be in a block.
    async fn receipt(&self, transaction: B256) -> Value {
        for _ in 0..PATIENCE {
            let call =
                RpcCall { method: "eth_getTransactionReceipt", params: json!([transaction.to_string()]) };
            match self.ask(call).await {
                Ok(Value::Null) => {}
                // EthereumJS answers so now and then for a transaction that waits.
                Err(RpcError::Refused { code: -32603, .. }) => {}
                answer => return answer.unwrap(),
            }
            pause().await;
        }
        panic!("{transaction} is in no block");
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The end of its standard input is its sign to clean up.
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

/// What [`Engine::deploy`] left on the chain.
pub(crate) struct Deployed {
    pub(crate) at: Addresses,
    /// The transaction that admitted the member.
    pub(crate) admission: B256,
    /// A block after which all of it is there.
    pub(crate) number: u64,
}

/// The member: a name of more than a word and an endpoint of less.
pub(crate) fn admission() -> Admission {
    Admission {
        member: Address::repeat_byte(0xb2),
        kind: MemberKind::Provider,
        encryption_key: B256::repeat_byte(1),
        profile_digest: B256::repeat_byte(2),
        name: "A hospital whose name does not fit into one word".to_owned(),
        endpoint: "http://hospital.test".to_owned(),
    }
}

/// How often to look for a block or a receipt.
const PATIENCE: u32 = 600;

async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}
