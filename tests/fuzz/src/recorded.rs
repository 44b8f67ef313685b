//! The recorded chains that the targets start from; see `tests/vectors/recorded/README.md`.

use std::sync::OnceLock;

use alloy_primitives::{Address, B256, Bloom, Bytes, U64, U256};
use lightclient::{
    ChainRules, Evidence, Header, Log, Outcome, Receipt, Schedule, SealScheme, TrustThreshold,
    TrustedCheckpoint, VerifiedHeader, verify_checkpoint,
};
use serde::Deserialize;

/// Headers, what was proven under them, and what a client must know beforehand.
pub(crate) struct Chain {
    pub(crate) rules: ChainRules,
    /// By number.
    pub(crate) headers: Vec<VerifiedHeader>,
    pub(crate) proofs: Vec<Proof>,
    pub(crate) bodies: Vec<Body>,
}

/// One answer of `eth_getProof`.
pub(crate) struct Proof {
    pub(crate) block: usize,
    pub(crate) address: Address,
    pub(crate) nonce: U256,
    pub(crate) balance: U256,
    pub(crate) code_hash: B256,
    pub(crate) storage_root: B256,
    pub(crate) nodes: Vec<Bytes>,
    pub(crate) slots: Vec<Slot>,
}

/// One `storageProof`.
pub(crate) struct Slot {
    pub(crate) slot: B256,
    pub(crate) value: U256,
    pub(crate) nodes: Vec<Bytes>,
}

/// What a block holds, each item as it stands in its trie.
pub(crate) struct Body {
    pub(crate) block: usize,
    pub(crate) transactions: Vec<Bytes>,
    pub(crate) receipts: Vec<Bytes>,
}

impl Chain {
    /// The QBFT chain sealed by GoQuorum.
    pub(crate) fn qbft() -> &'static Self {
        static CHAIN: OnceLock<Chain> = OnceLock::new();
        CHAIN.get_or_init(|| Self {
            proofs: proofs(),
            bodies: bodies(),
            ..Self::load(QBFT_HEADERS, SealScheme::Qbft)
        })
    }

    /// The Clique chain sealed by EthereumJS.
    pub(crate) fn clique() -> &'static Self {
        static CHAIN: OnceLock<Chain> = OnceLock::new();
        CHAIN.get_or_init(|| Self::load(CLIQUE_HEADERS, SealScheme::Clique))
    }

    fn load(headers: &str, scheme: SealScheme) -> Self {
        let file: HeadersFile = serde_json::from_str(headers).expect("the recorded headers are JSON");
        let rules = ChainRules {
            chain_id: file.chain_id,
            schedule: Schedule::constant(scheme, file.epoch_length, file.block_period),
            trust: TrustThreshold::OneThird,
            trusting_period: 86_400,
            clock_drift: 0,
        };
        let mut headers: Vec<VerifiedHeader> = Vec::new();
        for recorded in &file.headers {
            let header = Header::decode(&recorded.header_rlp).expect("a recorded header decodes");
            let checkpoint = TrustedCheckpoint { number: recorded.number, hash: recorded.hash };
            // Nobody votes in the Clique chain, so that its first set stays.
            let evidence = match headers.first() {
                Some(first) if scheme == SealScheme::Clique => {
                    Evidence::Known { validators: first.validators(), time: first.timestamp() }
                }
                _ => Evidence::None,
            };
            let verified = verify_checkpoint(&checkpoint, &header, evidence, &rules);
            headers.push(verified.expect("a recorded header verifies"));
        }
        Self { rules, headers, proofs: Vec::new(), bodies: Vec::new() }
    }

    /// Time of the newest header.
    pub(crate) fn now(&self) -> u64 {
        self.headers.last().map_or(0, VerifiedHeader::timestamp)
    }

    /// Panics unless `verified` is what was recorded at its height.
    pub(crate) fn assert_recorded(&self, verified: &VerifiedHeader) {
        let recorded = usize::try_from(verified.number()).ok().and_then(|number| self.headers.get(number));
        let recorded = recorded.expect("accepted a header above the chain");
        assert_eq!(verified.hash(), recorded.hash(), "accepted another header {}", verified.number());
        assert_eq!(verified.state_root(), recorded.state_root());
        assert_eq!(verified.validators(), recorded.validators());
    }
}

fn proofs() -> Vec<Proof> {
    let file: ProofsFile = serde_json::from_str(PROOFS).expect("the recorded proofs are JSON");
    let nodes = |positions: &[usize]| positions.iter().map(|at| file.nodes[*at].clone()).collect();
    let slot = |slot: &SlotFile| Slot { slot: slot.slot, value: slot.value, nodes: nodes(&slot.proof) };
    let proof = |answer: &AnswerFile| Proof {
        block: answer.block,
        address: answer.address,
        nonce: answer.nonce,
        balance: answer.balance,
        code_hash: answer.code_hash,
        storage_root: answer.storage_hash,
        nodes: nodes(&answer.account_proof),
        slots: answer.slots.iter().map(slot).collect(),
    };
    file.proofs.iter().map(proof).collect()
}

fn bodies() -> Vec<Body> {
    let file: BodiesFile = serde_json::from_str(BODIES).expect("the recorded bodies are JSON");
    let receipt = |(transaction, receipt): (&TransactionFile, ReceiptFile)| Receipt {
        transaction_type: transaction.r#type.to(),
        outcome: if receipt.status == U64::ONE { Outcome::Succeeded } else { Outcome::Reverted },
        cumulative_gas_used: receipt.cumulative_gas_used.to(),
        logs_bloom: receipt.logs_bloom,
        logs: receipt
            .logs
            .into_iter()
            .map(|log| Log { address: log.address, topics: log.topics, data: log.data })
            .collect(),
    };
    let body = |body: BodyFile| Body {
        block: body.number,
        transactions: body.raw,
        receipts: body
            .transactions
            .iter()
            .zip(body.receipts)
            .map(|pair| receipt(pair).encode().into())
            .collect(),
    };
    file.blocks.into_iter().map(body).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadersFile {
    chain_id: u64,
    epoch_length: u64,
    block_period: u64,
    headers: Vec<HeaderFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderFile {
    number: u64,
    hash: B256,
    header_rlp: Bytes,
}

/// The proofs name their nodes by position: many share them.
#[derive(Deserialize)]
struct ProofsFile {
    nodes: Vec<Bytes>,
    proofs: Vec<AnswerFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerFile {
    block: usize,
    address: Address,
    balance: U256,
    nonce: U256,
    code_hash: B256,
    storage_hash: B256,
    account_proof: Vec<usize>,
    slots: Vec<SlotFile>,
}

#[derive(Deserialize)]
struct SlotFile {
    slot: B256,
    value: U256,
    proof: Vec<usize>,
}

#[derive(Deserialize)]
struct BodiesFile {
    blocks: Vec<BodyFile>,
}

#[derive(Deserialize)]
struct BodyFile {
    number: usize,
    transactions: Vec<TransactionFile>,
    raw: Vec<Bytes>,
    receipts: Vec<ReceiptFile>,
}

#[derive(Deserialize)]
struct TransactionFile {
    r#type: U64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptFile {
    status: U64,
    cumulative_gas_used: U64,
    logs_bloom: Bloom,
    logs: Vec<LogFile>,
}

#[derive(Deserialize)]
struct LogFile {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

const BODIES: &str = include_str!("../../vectors/recorded/goquorum-qbft/bodies.json");
const CLIQUE_HEADERS: &str = include_str!("../../vectors/recorded/ethereumjs-clique/headers.json");
const PROOFS: &str = include_str!("../../vectors/recorded/goquorum-qbft/proofs.json");
const QBFT_HEADERS: &str = include_str!("../../vectors/recorded/goquorum-qbft/headers.json");
