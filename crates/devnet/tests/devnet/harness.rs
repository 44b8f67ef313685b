//! A devnet on free ports with a clock that the test moves, an HTTP client, and accounts that sign.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, hex, uint};
use devnet::{Devnet, Options, Rules, Sealing};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub(crate) const CHAIN_ID: u64 = 81777;
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
pub(crate) const GAS: u64 = 1_000_000;

/// A folder that goes away with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let unique =
            format!("medrec-devnet-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(unique))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running devnet of three endpoints.
pub(crate) struct Net {
    runtime: Runtime,
    devnet: Option<Devnet>,
    pub(crate) endpoints: Vec<String>,
    folder: Folder,
    now: u64,
}

impl Net {
    pub(crate) fn start() -> Self {
        Self::start_with(options(Path::new("")).rules)
    }

    /// Starts a chain with other rules.
    pub(crate) fn start_with(rules: Rules) -> Self {
        Self::start_in(Folder::new(), rules, GENESIS_TIME)
    }

    fn start_in(folder: Folder, rules: Rules, now: u64) -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let options = Options { rules, ..options(folder.path()) };
        let devnet = runtime.block_on(Devnet::start(options)).expect("the devnet starts");
        Self { endpoints: devnet.endpoints(), devnet: Some(devnet), runtime, folder, now }
    }

    /// Stops the chain and starts it again in the same folder.
    pub(crate) fn restart(self) -> Self {
        let (rules, now) = (self.devnet().chain().rules(), self.now);
        Self::start_in(self.stop(), rules, now)
    }

    /// Stops the chain and leaves its folder.
    pub(crate) fn stop(mut self) -> Folder {
        if let Some(devnet) = self.devnet.take() {
            self.runtime.block_on(devnet.stop());
        }
        self.folder
    }

    pub(crate) fn devnet(&self) -> &Devnet {
        self.devnet.as_ref().expect("it runs")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Seals one block, a second after the one before; returns its number.
    pub(crate) fn seal(&mut self) -> u64 {
        self.now += 1;
        self.devnet().chain().seal_next(self.now).expect("the block is written").expect("the block is due")
    }

    /// Calls a vote and seals blocks until it has come true; returns the candidate.
    pub(crate) fn vote(&mut self, vote: Value) -> Address {
        let before = self.devnet().chain().validators();
        let candidate = address(&self.ask("devnet_vote", vote));
        for _ in 0..2 * before.len() {
            if self.devnet().chain().validators() != before {
                return candidate;
            }
            self.seal();
        }
        panic!("the vote on {candidate} does not come true");
    }

    /// Asks the first endpoint and expects a result.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        self.ask_at(0, method, params)
    }

    pub(crate) fn ask_at(&self, endpoint: usize, method: &str, params: Value) -> Value {
        let answer = call(&self.endpoints[endpoint], method, params);
        assert_eq!(answer.get("error"), None, "{method}");
        answer["result"].clone()
    }

    /// Asks the first endpoint and expects an error; returns its code and message.
    pub(crate) fn fail(&self, method: &str, params: Value) -> (i64, String) {
        let answer = call(&self.endpoints[0], method, params);
        let error = answer.get("error").unwrap_or_else(|| panic!("{method} did not fail: {answer}"));
        (error["code"].as_i64().expect("a code"), error["message"].as_str().expect("a message").to_owned())
    }

    /// Sends a transaction and seals it; returns its receipt.
    pub(crate) fn transact(
        &mut self,
        account: &mut Account,
        to: Option<Address>,
        data: impl Into<Bytes>,
    ) -> Value {
        let hash = self.ask("eth_sendRawTransaction", json!([account.sign(to, data)]));
        self.seal();
        self.ask("eth_getTransactionReceipt", json!([hash]))
    }

    /// Deploys code; returns the contract's address.
    pub(crate) fn deploy(&mut self, account: &mut Account, code: &str) -> Address {
        let receipt = self.transact(account, None, creation(code));
        assert_eq!(receipt["status"], "0x1");
        address(&receipt["contractAddress"])
    }
}

pub(crate) fn options(folder: &Path) -> Options {
    Options {
        state: folder.to_owned(),
        listen: vec!["127.0.0.1:0".parse().expect("an address"); 3],
        rules: Rules { chain_id: CHAIN_ID, ..Rules::default() },
        genesis_time: Some(GENESIS_TIME),
        sealing: Sealing::Manual,
    }
}

/// Somebody who signs transactions, one after the other.
pub(crate) struct Account {
    key: SigningKey,
    pub(crate) nonce: u64,
}

impl Account {
    pub(crate) fn new(secret: u8) -> Self {
        Self { key: SigningKey::from_slice(&[secret; 32]).expect("a valid key"), nonce: 0 }
    }

    pub(crate) fn address(&self) -> Address {
        Address::from_raw_public_key(&self.key.verifying_key().to_sec1_point(false).as_bytes()[1..])
    }

    pub(crate) fn sign(&mut self, to: Option<Address>, data: impl Into<Bytes>) -> Bytes {
        let to = to.map_or(TxKind::Create, TxKind::Call);
        let (nonce, input) = (self.nonce, data.into());
        self.nonce += 1;
        let chain_id = Some(CHAIN_ID);
        self.sign_exactly(TxLegacy {
            chain_id,
            nonce,
            gas_price: 0,
            gas_limit: GAS,
            to,
            value: U256::ZERO,
            input,
        })
    }

    pub(crate) fn sign_exactly(&self, transaction: TxLegacy) -> Bytes {
        let signature = self.signature(&transaction);
        encode(transaction, signature)
    }

    /// Signs with the other of the two signatures that recover to the same key, which EIP-2 forbids.
    pub(crate) fn sign_with_high_s(&self, transaction: TxLegacy) -> Bytes {
        let low = self.signature(&transaction);
        encode(transaction, Signature::new(low.r(), SECP256K1N - low.s(), !low.v()))
    }

    fn signature(&self, transaction: &TxLegacy) -> Signature {
        let (signature, recovery) =
            self.key.sign_prehash_recoverable(transaction.signature_hash().as_slice());
        let bytes = signature.to_bytes();
        let (r, s) = (U256::from_be_slice(&bytes[..32]), U256::from_be_slice(&bytes[32..]));
        Signature::new(r, s, recovery.is_y_odd())
    }
}

fn encode(transaction: TxLegacy, signature: Signature) -> Bytes {
    let mut raw = Vec::new();
    transaction.into_signed(signature).rlp_encode(&mut raw);
    raw.into()
}

/// The order of the curve.
const SECP256K1N: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);

/// Writes the second word of its input to the slot named by the first, logs it under that slot, and returns it.
/// Without input it reverts.
pub(crate) const WRITER: &str = "36600857600080fd5b6020356000355560203560005260003560206000a160206000f3";

/// Writes 1 to slot 0 when it is called with input, and destroys itself when it is called without.
pub(crate) const MORTAL: &str = "3660065733ff5b60016000550000";

/// Returns code that deploys `runtime`.
pub(crate) fn creation(runtime: &str) -> Bytes {
    let runtime = hex::decode(runtime).expect("hex");
    let length = u8::try_from(runtime.len()).expect("short code");
    let mut code = vec![0x60, length, 0x80, 0x60, 0x0b, 0x60, 0x00, 0x39, 0x60, 0x00, 0xf3];
    code.extend(runtime);
    code.into()
}

pub(crate) fn words(first: u64, second: u64) -> Bytes {
    [B256::from(U256::from(first)), B256::from(U256::from(second))].concat().into()
}

pub(crate) fn address(value: &Value) -> Address {
    text(value).parse().expect("an address")
}

pub(crate) fn hash(value: &Value) -> B256 {
    text(value).parse().expect("a hash")
}

pub(crate) fn data(value: &Value) -> Bytes {
    text(value).parse().expect("bytes")
}

pub(crate) fn number(value: &Value) -> u64 {
    u64::from_str_radix(text(value).strip_prefix("0x").expect("0x"), 16).expect("a number")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string"))
}

pub(crate) fn call(url: &str, method: &str, params: Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let (status, _, body) = post(url, request.to_string().as_bytes());
    assert_eq!(status, 200, "{method}");
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)), "{method}");
    answer
}

/// Posts a body; returns status, headers and body.
pub(crate) fn post(url: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let headers = "Content-Type: application/json\r\nOrigin: https://anywhere.example\r\n";
    http(url, "POST", headers, body)
}

pub(crate) fn http(url: &str, method: &str, headers: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let host = url.strip_prefix("http://").expect("an http URL");
    let mut stream = TcpStream::connect(host).expect("the endpoint listens");
    let length = body.len();
    let head = format!(
        "{method} / HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("the endpoint reads");
    // An endpoint that refuses a long body closes before it has read all of it.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an HTTP answer");
    let head = String::from_utf8(answer[..end].to_vec()).expect("text").to_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head, answer[end + 4..].to_vec())
}
