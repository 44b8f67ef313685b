//! A platform in memory for tests: endpoints that serve the recorded GoQuorum chain over JSON-RPC, each with its own
//! way to fail or lie, a store, and a clock that the test sets.

use std::collections::BTreeMap;
use std::sync::Mutex;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use lightclient::{
    ChainRules, Header, ParityByte, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint, block_hash,
};
use protocol::keys::SigningKey;
use protocol::network::{ContractRef, Network};
use serde_json::{Value, json};

use crate::client::{Client, Head};
use crate::ports::{
    EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError,
};

/// The contract of the recording; its slot 0 is a counter, which serves as network id in these tests.
pub(crate) const CONTRACT: Address = alloy_primitives::address!("39bcfb18bd176a2960225949647c9b3da2d7668a");
/// An account of the recording that has sent transactions.
pub(crate) const USER: Address = alloy_primitives::address!("2f04015aecb6ef74e782605a02bb19609b5d3a89");
/// An account that is not there.
pub(crate) const NOBODY: Address = alloy_primitives::address!("00000000000000000000000000000000deadbeef");
/// Blocks 195 and 205 of the recording hold this network id.
pub(crate) const NETWORK_ID: u64 = 0x83;
/// The last block of the recording.
pub(crate) const LAST: u64 = 205;

/// The rules of the recorded chain.
pub(crate) const RULES: ChainRules = ChainRules {
    chain_id: 81337,
    schedule: Schedule::constant(SealScheme::Qbft, 60, 1),
    trust: TrustThreshold::OneThird,
    trusting_period: 86_400,
    clock_drift: 5,
};

/// The block hash of a header of the recorded chain.
pub(crate) fn hash_of(header: &Header) -> B256 {
    block_hash(header, &RULES).unwrap()
}

/// A recorded or made chain, as endpoints serve it.
pub(crate) struct Chain {
    pub(crate) headers: Vec<Header>,
    proofs: Value,
    /// Every block with transactions, as recorded.
    pub(crate) bodies: Vec<Value>,
}

/// What an endpoint does with a request.
#[derive(Debug, Clone, Default)]
pub(crate) enum Manner {
    /// Answers truly.
    #[default]
    Honest,
    /// Lists neither slots of absent accounts, nor zeros before keys; sorts by key (Besu).
    Besu,
    /// No connection.
    Dead,
    /// Never answers in time.
    Slow,
    /// Answers more than the limit.
    TooLarge,
    /// Answers with an HTTP error.
    Status(u16),
    /// Answers with this body.
    Body(&'static str),
    /// Gives each answer the id of another question.
    SwapsIds,
    /// Leaves out the last answer of a batch.
    DropsAnswer,
    /// Refuses each call.
    Refuses,
    /// Serves these headers in place of the true ones (latest included, if above).
    Headers(Vec<Header>),
    /// Proves another account than the one asked for.
    OtherAccount(Address),
    /// Proves at another height than the one asked for.
    OtherBlock(u64),
    /// Changes one byte of the last node of each storage proof.
    ChangedNode,
    /// Leaves out the last node of the account proof.
    MissingNode,
    /// Repeats the last node of the account proof.
    SpareNode,
    /// Leaves out the first slot.
    MissingSlot,
    /// Adds a slot nobody asked for.
    SpareSlot,
    /// Says that no slot was asked for.
    NoSlots,
    /// Answers truly, `eth_getBlockReceipts` as well, which GoQuorum does not know.
    BlockReceipts,
    /// As `BlockReceipts`, but a body is changed like this before it is served.
    ChangedBody(fn(&mut Value)),
    /// Has no receipts.
    NoReceipts,
    /// Says that every transaction is in this block.
    NamesBlock(Value),
}

/// One endpoint of the test network.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) latest: u64,
    pub(crate) manner: Manner,
}

/// The platform: endpoints `http://0`, `http://1`, …
pub(crate) struct TestPlatform {
    pub(crate) chain: Chain,
    pub(crate) nodes: Mutex<Vec<Node>>,
    pub(crate) now: Mutex<u64>,
    pub(crate) stored: Mutex<Option<Vec<u8>>>,
    /// What is kept beside the head.
    pub(crate) others: Mutex<BTreeMap<B256, Vec<u8>>>,
    pub(crate) store_fails: Mutex<bool>,
    /// The methods asked, in order, each with the endpoint's place.
    pub(crate) asked: Mutex<Vec<(usize, String)>>,
    random: Mutex<u8>,
}

impl Chain {
    /// The chain in `tests/vectors`.
    pub(crate) fn recorded() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/recorded/goquorum-qbft");
        let read = |name: &str| -> Value {
            let bytes = std::fs::read(format!("{folder}/{name}")).unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        let headers = read("headers.json")["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| Header::decode(&hex::decode(entry["headerRlp"].as_str().unwrap()).unwrap()).unwrap())
            .collect();
        Self { headers, proofs: read("proofs.json"), bodies: recorded_bodies("goquorum-qbft") }
    }

    /// A chain of these headers, without state.
    pub(crate) fn made(headers: Vec<Header>) -> Self {
        Self { headers, proofs: json!({"nodes": [], "proofs": []}), bodies: Vec::new() }
    }

    pub(crate) fn header(&self, number: u64) -> &Header {
        &self.headers[usize::try_from(number).unwrap()]
    }

    /// All slots of the contract that the recording proves at the last block.
    pub(crate) fn recorded_slots(&self) -> Vec<B256> {
        let recorded = self.proofs["proofs"].as_array().unwrap();
        let entry = recorded
            .iter()
            .rfind(|entry| entry["address"].as_str().unwrap().parse() == Ok(CONTRACT))
            .unwrap();
        let slots = entry["slots"].as_array().unwrap();
        slots.iter().map(|slot| slot["slot"].as_str().unwrap().parse().unwrap()).collect()
    }

    fn nodes(&self, positions: &Value) -> Vec<Bytes> {
        positions
            .as_array()
            .unwrap()
            .iter()
            .map(|position| {
                let index = usize::try_from(position.as_u64().unwrap()).unwrap();
                self.proofs["nodes"][index].as_str().unwrap().parse().unwrap()
            })
            .collect()
    }

    /// The recorded proof, in the shape of GoQuorum's answer to these keys.
    fn proof(&self, number: u64, address: Address, keys: &[B256]) -> Value {
        let Some(entry) = self.proofs["proofs"].as_array().unwrap().iter().find(|entry| {
            entry["block"] == number && entry["address"].as_str().unwrap().parse() == Ok(address)
        }) else {
            return Value::Null;
        };
        let storage: Vec<Value> = keys
            .iter()
            .map(|key| {
                let slots = entry["slots"].as_array().unwrap();
                let recorded = slots.iter().find(|slot| slot["slot"].as_str().unwrap().parse() == Ok(*key));
                let proof = recorded.map(|slot| self.nodes(&slot["proof"])).unwrap_or_default();
                let value = recorded.map_or(json!("0x0"), |slot| slot["value"].clone());
                json!({"key": key, "value": value, "proof": proof})
            })
            .collect();
        json!({
            "address": address,
            "accountProof": self.nodes(&entry["accountProof"]),
            "balance": entry["balance"],
            "codeHash": entry["codeHash"],
            "nonce": entry["nonce"],
            "storageHash": entry["storageHash"],
            "storageProof": storage,
        })
    }
}

impl TestPlatform {
    /// A platform with these nodes; the clock stands at the time of the last header.
    pub(crate) fn new(chain: Chain, nodes: Vec<Node>) -> Self {
        let now = chain.headers.last().unwrap().timestamp;
        Self {
            chain,
            nodes: Mutex::new(nodes),
            now: Mutex::new(now * 1000),
            stored: Mutex::new(None),
            others: Mutex::default(),
            store_fails: Mutex::new(false),
            asked: Mutex::new(Vec::new()),
            random: Mutex::new(0),
        }
    }

    /// The recorded chain behind endpoints of these manners, all at the last block.
    pub(crate) fn recorded(manners: Vec<Manner>) -> Self {
        let nodes = manners.into_iter().map(|manner| Node { latest: LAST, manner }).collect();
        Self::new(Chain::recorded(), nodes)
    }

    /// The description of the recorded network, with the checkpoint at this height.
    pub(crate) fn network(&self, checkpoint: u64) -> Network {
        let hash = |number| hash_of(self.chain.header(number));
        let recorded = self.chain.proofs["proofs"].as_array().unwrap();
        let code_hash = recorded
            .iter()
            .rfind(|entry| entry["address"].as_str().unwrap().parse() == Ok(CONTRACT))
            .map(|entry| entry["codeHash"].as_str().unwrap().parse().unwrap())
            .unwrap_or_default();
        let contract = ContractRef { address: CONTRACT, code_hash };
        Network {
            name: "recorded".to_owned(),
            rules: RULES,
            genesis_hash: hash(0),
            checkpoint: TrustedCheckpoint { number: checkpoint, hash: hash(checkpoint) },
            checkpoint_validators: None,
            network_id: B256::from(U256::from(NETWORK_ID)),
            registry: contract,
            relationships: contract,
            summary: contract,
            endpoints: (0..self.nodes.lock().unwrap().len()).map(|index| format!("http://{index}")).collect(),
            operators: None,
            max_head_age: 30,
            demo: true,
        }
    }

    pub(crate) fn set_latest(&self, index: usize, latest: u64) {
        self.nodes.lock().unwrap()[index].latest = latest;
    }

    pub(crate) fn set_manner(&self, index: usize, manner: Manner) {
        self.nodes.lock().unwrap()[index].manner = manner;
    }

    pub(crate) fn set_now(&self, seconds: u64) {
        *self.now.lock().unwrap() = seconds * 1000;
    }

    /// What one node answers to one call.
    fn result(&self, node: &Node, method: &str, params: &Value) -> Value {
        match method {
            "eth_getBlockByNumber" | "eth_getBlockByHash" => {
                let mut block = self.block(node, &params[0]);
                if params[1] == true
                    && let Some(number) = block["number"].as_str()
                    && let Some(body) = self.body(node, |body| body["number"] == parse_quantity(number))
                {
                    block["transactions"] = body["transactions"].clone();
                }
                block
            }
            "eth_getBlockReceipts" => {
                let number = parse_quantity(params[0].as_str().unwrap());
                self.body(node, |body| body["number"] == number)
                    .map_or(json!([]), |body| body["receipts"].clone())
            }
            "eth_getTransactionByHash" => self.transaction(node, &params[0]),
            "eth_getTransactionReceipt" => self.receipt(node, &params[0]),
            "eth_getProof" => self.proof(node, params),
            _ => Value::Null,
        }
    }

    /// The recorded body that fits, changed in the manner of the node.
    fn body(&self, node: &Node, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let mut body = self.chain.bodies.iter().find(|body| fits(body)).cloned()?;
        if let Manner::ChangedBody(change) = &node.manner {
            change(&mut body);
        }
        Some(body)
    }

    fn transaction(&self, node: &Node, hash: &Value) -> Value {
        if let Manner::NamesBlock(number) = &node.manner {
            return json!({"blockNumber": number});
        }
        let holds = |body: &Value| {
            body["transactions"].as_array().unwrap().iter().any(|transaction| transaction["hash"] == *hash)
        };
        let body = self.chain.bodies.iter().find(|body| holds(body));
        body.map_or(
            Value::Null,
            |body| json!({"blockNumber": format!("{:#x}", body["number"].as_u64().unwrap())}),
        )
    }

    fn receipt(&self, node: &Node, hash: &Value) -> Value {
        if matches!(node.manner, Manner::NoReceipts) {
            return Value::Null;
        }
        let mut receipts = self.chain.bodies.iter().flat_map(|body| body["receipts"].as_array().unwrap());
        receipts.find(|receipt| receipt["transactionHash"] == *hash).cloned().unwrap_or_default()
    }

    fn block(&self, node: &Node, asked: &Value) -> Value {
        let forged: &[Header] = match &node.manner {
            Manner::Headers(headers) => headers,
            _ => &[],
        };
        let served = |number: u64| {
            forged.iter().find(|header| header.number == number).or_else(|| {
                let known = self.chain.headers.get(usize::try_from(number).unwrap());
                known.filter(|_| number <= node.latest)
            })
        };
        let asked = asked.as_str().unwrap();
        let highest = forged.iter().map(|header| header.number).fold(node.latest, u64::max);
        let header = if asked == "latest" {
            served(highest)
        } else if asked.len() == 66 {
            let hash: B256 = asked.parse().unwrap();
            (0..=highest).filter_map(served).find(|header| hash_of(header) == hash)
        } else {
            served(u64::from_str_radix(asked.trim_start_matches("0x"), 16).unwrap())
        };
        header.map_or(Value::Null, block_json)
    }

    fn proof(&self, node: &Node, params: &Value) -> Value {
        let mut address: Address = params[0].as_str().unwrap().parse().unwrap();
        let keys: Vec<B256> =
            params[1].as_array().unwrap().iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect();
        let mut number =
            u64::from_str_radix(params[2].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        match node.manner {
            Manner::OtherAccount(other) => address = other,
            Manner::OtherBlock(other) => number = other,
            _ => {}
        }
        if number > node.latest {
            return Value::Null;
        }
        let mut proof = self.chain.proof(number, address, &keys);
        if !proof.is_null() {
            spoil(&node.manner, &mut proof);
        }
        proof
    }
}

/// The blocks with transactions of a recorded chain.
pub(crate) fn recorded_bodies(chain: &str) -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/recorded");
    let bytes = std::fs::read(format!("{folder}/{chain}/bodies.json")).unwrap();
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    file["blocks"].as_array().unwrap().clone()
}

/// A client that has synced to the last recorded block while all was well; then its endpoints take on these manners.
pub(crate) async fn synced(manners: Vec<Manner>) -> (Client<TestPlatform>, Head) {
    // The proof at the end of the sync must succeed: the manners come afterwards.
    let platform = TestPlatform::recorded(vec![Manner::Honest; manners.len()]);
    let client = Client::new(platform.network(0), platform);
    client.sync().await.unwrap();
    for (index, manner) in manners.into_iter().enumerate() {
        client.platform().set_manner(index, manner);
    }
    let head = client.head().unwrap();
    (client, head)
}

fn parse_quantity(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

/// Changes a true proof in the manner of a node.
fn spoil(manner: &Manner, proof: &mut Value) {
    let account: &mut Vec<Value> = proof["accountProof"].as_array_mut().unwrap();
    match manner {
        Manner::MissingNode => {
            account.pop();
        }
        Manner::SpareNode => account.push(account.last().unwrap().clone()),
        _ => {}
    }
    let exists = proof["nonce"] != "0x0" || proof["balance"] != "0x0";
    let storage = proof["storageProof"].as_array_mut().unwrap();
    match manner {
        Manner::Besu => {
            for entry in storage.iter_mut() {
                let number: U256 = entry["key"].as_str().unwrap().parse().unwrap();
                entry["key"] = json!(format!("0x{number:x}"));
            }
            storage.reverse();
            if !exists {
                storage.clear();
            }
        }
        Manner::ChangedNode => {
            for entry in storage {
                let node = entry["proof"].as_array_mut().unwrap().last_mut().unwrap();
                let mut bytes: Vec<u8> = hex::decode(node.as_str().unwrap()).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                *node = json!(hex::encode_prefixed(bytes));
            }
        }
        Manner::MissingSlot => {
            storage.remove(0);
        }
        Manner::SpareSlot => {
            let mut spare = storage[0].clone();
            spare["key"] = json!("0x1234");
            storage.push(spare);
        }
        Manner::NoSlots => storage.clear(),
        _ => {}
    }
}

/// A header in the shape of `eth_getBlockByNumber`, with a wrong `hash`, which nobody may read.
pub(crate) fn block_json(header: &Header) -> Value {
    let mut block = json!({
        "hash": B256::repeat_byte(0xee),
        "parentHash": header.parent_hash,
        "sha3Uncles": header.ommers_hash,
        "miner": header.coinbase,
        "stateRoot": header.state_root,
        "transactionsRoot": header.transactions_root,
        "receiptsRoot": header.receipts_root,
        "logsBloom": header.logs_bloom,
        "difficulty": format!("{:#x}", header.difficulty),
        "number": format!("{:#x}", header.number),
        "gasLimit": format!("{:#x}", header.gas_limit),
        "gasUsed": format!("{:#x}", header.gas_used),
        "timestamp": format!("{:#x}", header.timestamp),
        "extraData": header.extra_data,
        "mixHash": header.mix_hash,
        "nonce": hex::encode_prefixed(header.nonce),
        "size": "0x2c6",
        "transactions": [],
        "uncles": [],
    });
    let optional = [
        ("baseFeePerGas", header.base_fee_per_gas.map(|fee| json!(format!("{fee:#x}")))),
        ("withdrawalsRoot", header.withdrawals_root.map(|root| json!(root))),
        ("blobGasUsed", header.blob_gas_used.map(|gas| json!(format!("{gas:#x}")))),
        ("excessBlobGas", header.excess_blob_gas.map(|gas| json!(format!("{gas:#x}")))),
        ("parentBeaconBlockRoot", header.parent_beacon_block_root.map(|root| json!(root))),
        ("requestsHash", header.requests_hash.map(|root| json!(root))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            block[name] = value;
        }
    }
    block
}

impl Http for TestPlatform {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let index: usize = request.url.trim_start_matches("http://").parse().unwrap();
        let node = self.nodes.lock().unwrap()[index].clone();
        let question: Value = serde_json::from_slice(&request.body).unwrap();
        let calls = match &question {
            Value::Array(calls) => calls.clone(),
            only => vec![only.clone()],
        };
        for call in &calls {
            self.asked.lock().unwrap().push((index, call["method"].as_str().unwrap().to_owned()));
        }
        let body = |body: String| HttpAnswer { status: 200, headers: Vec::new(), body: body.into_bytes() };
        match &node.manner {
            Manner::Dead => return Err(TransportError::Connection { reason: "refused".to_owned() }),
            Manner::Slow => return Err(TransportError::Timeout { limit_millis: request.timeout_millis }),
            Manner::TooLarge => {
                return Err(TransportError::TooLarge { limit_bytes: request.max_answer_bytes });
            }
            Manner::Status(status) => return Ok(HttpAnswer { status: *status, ..body(String::new()) }),
            Manner::Body(text) => return Ok(body((*text).to_owned())),
            _ => {}
        }
        let mut answers: Vec<Value> = calls
            .iter()
            .map(|call| {
                if matches!(node.manner, Manner::Refuses) {
                    return json!({"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": "World state unavailable"}});
                }
                let knows_block_receipts =
                    matches!(node.manner, Manner::BlockReceipts | Manner::ChangedBody(_));
                if call["method"] == "eth_getBlockReceipts" && !knows_block_receipts {
                    return json!({"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32601, "message": "the method eth_getBlockReceipts does not exist/is not available"}});
                }
                let result = self.result(&node, call["method"].as_str().unwrap(), &call["params"]);
                json!({"jsonrpc": "2.0", "id": call["id"], "result": result})
            })
            .collect();
        match node.manner {
            Manner::SwapsIds => {
                let ids: Vec<Value> = answers.iter().rev().map(|answer| answer["id"].clone()).collect();
                for (answer, id) in answers.iter_mut().zip(ids) {
                    answer["id"] = if calls.len() == 1 { json!(2) } else { id };
                }
            }
            Manner::DropsAnswer => {
                answers.pop();
            }
            _ => {}
        }
        match (question.is_array(), answers.pop()) {
            (false, Some(only)) => Ok(body(only.to_string())),
            (_, last) => {
                answers.extend(last);
                Ok(body(Value::Array(answers).to_string()))
            }
        }
    }
}

impl HeadStore for TestPlatform {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        if *self.store_fails.lock().unwrap() {
            return Err(StoreError { action: "load", reason: "no access".to_owned() });
        }
        if network_id != self.network(0).network_id {
            return Ok(self.others.lock().unwrap().get(&network_id).cloned());
        }
        Ok(self.stored.lock().unwrap().clone())
    }

    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        if *self.store_fails.lock().unwrap() {
            return Err(StoreError { action: "save", reason: "no access".to_owned() });
        }
        if network_id != self.network(0).network_id {
            self.others.lock().unwrap().insert(network_id, head);
            return Ok(());
        }
        let mut stored = self.stored.lock().unwrap();
        if stored.as_deref().is_none_or(replaces) {
            *stored = Some(head);
        }
        Ok(())
    }
}

impl Platform for TestPlatform {
    fn now_millis(&self) -> u64 {
        *self.now.lock().unwrap()
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let mut counter = self.random.lock().unwrap();
        for byte in bytes {
            *counter = counter.wrapping_add(1);
            *byte = *counter;
        }
        Ok(())
    }

    async fn sleep(&self, millis: u64) {
        *self.now.lock().unwrap() += millis;
    }
}

/// Seals a header for `validators`, the first `sealers` of them; `candidate` is whom it votes about. Its digest in round
/// 0 is the block hash, so this needs no other encoding.
pub(crate) fn seal(
    header: &Header,
    validators: &[SigningKey],
    sealers: usize,
    candidate: Option<Address>,
) -> Header {
    let mut sorted: Vec<&SigningKey> = validators.iter().collect();
    sorted.sort_by_key(|key| key.address());
    let addresses: Vec<u8> =
        sorted.iter().flat_map(|key| [&[0x94], key.address().as_slice()].concat()).collect();
    let vote = candidate.map(|address| [&[0x94], address.as_slice(), &[0x81, 0xff]].concat());
    let with_seals = |seals: &[u8]| {
        let extra = [
            [vec![0xa0], vec![0; 32]].concat(),
            list(&addresses),
            list(&vote.clone().unwrap_or_default()),
            vec![0x80],
            list(seals),
        ];
        Header { extra_data: list(&extra.concat()).into(), coinbase: sorted[0].address(), ..header.clone() }
    };
    let unsealed = with_seals(&[]);
    let digest = hash_of(&unsealed);
    let seals: Vec<u8> = sorted
        .iter()
        .take(sealers)
        .flat_map(|key| {
            let seal = key.sign_digest(digest).to_bytes(ParityByte::FromZero);
            [&[0xb8, 65], seal.as_slice()].concat()
        })
        .collect();
    with_seals(&seals)
}

/// The key of the validator with this number.
pub(crate) fn validator(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32]).unwrap()
}

/// An RLP list of these encoded items.
fn list(items: &[u8]) -> Vec<u8> {
    let length = items.len().to_be_bytes();
    let head = match items.len() {
        short @ 0..=55 => vec![0xc0 + u8::try_from(short).unwrap()],
        56..=255 => vec![0xf8, length[7]],
        _ => vec![0xf9, length[6], length[7]],
    };
    [head, items.to_vec()].concat()
}

/// The requests made, by method.
pub(crate) fn count_methods(platform: &TestPlatform) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, method) in platform.asked.lock().unwrap().iter() {
        *counts.entry(method.clone()).or_default() += 1;
    }
    counts
}
