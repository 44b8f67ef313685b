//! `medrec operator deploy`: puts the contracts on a chain and writes the network description.
//!
//! The endpoints are the operator's own, yet they are compared with each other, and the description is only written
//! when a light client that starts from it has proven the registry's network id and the code of all three contracts.
//! A description that exists already is proven the same way and kept; only its endpoints are replaced.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use client::{Client, ClientError, Platform, Submitted, TransportError};
use lightclient::{
    Asked, ChainRules, Header, Schedule, SealScheme, Transaction, TrustThreshold, TrustedCheckpoint,
    VerifyError, block_hash, transaction_hash,
};
use native::{MemoryHeads, Native};
use protocol::contracts::creation::{self, Addresses};
use protocol::keys::SigningKey;
use protocol::network::{ContractRef, Network, NetworkError, network_id};

use crate::node::{Node, NodeError};

/// What to deploy, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// The endpoints; each must answer and show the same chain.
    pub(crate) rpc: Vec<String>,
    /// What people call the network.
    pub(crate) name: String,
    /// Where the network description goes.
    pub(crate) out: PathBuf,
    /// How the chain is sealed.
    pub(crate) scheme: SealScheme,
    /// Blocks after which votes start anew.
    pub(crate) epoch_length: u64,
    /// Least seconds between two blocks.
    pub(crate) block_period: u64,
    /// Wei that a gas costs; 0 on a network without fees.
    pub(crate) gas_price: u128,
    /// Whether the description says that nothing on this network is worth trusting.
    pub(crate) demo: bool,
}

/// Why there is no network description.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployError {
    #[error("{url} shows {what} {found}, expected {expected} as {first} does")]
    Chains { url: String, first: String, what: &'static str, expected: String, found: String },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("transaction {transaction} created nothing at {address}")]
    Created { transaction: B256, address: Address },
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{url}: {source}")]
    Header { url: String, source: Box<VerifyError> },
    #[error("{path} describes chain {found}, expected {expected} as the endpoints show", path = .path.display())]
    Kept { path: PathBuf, expected: B256, found: B256 },
    #[error("{path}: {source}", path = .path.display())]
    KeptForm { path: PathBuf, source: NetworkError },
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("no endpoint given")]
    NoEndpoint,
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error("transaction {transaction} has no receipt after {limit_seconds} s")]
    Receipt { transaction: B256, limit_seconds: u64 },
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// Deploys the contracts, unless the description in `options.out` names a network that is there.
pub(crate) async fn deploy(options: &Options, key: &SigningKey) -> Result<Network, DeployError> {
    let platform = Native::new(MemoryHeads::default())?;
    let chain = look(options, &platform).await?;
    let kept = read_kept(&options.out)?;
    if let Some(kept) = &kept
        && kept.network_id != chain.network_id()
    {
        let (expected, found) = (chain.network_id(), kept.network_id);
        return Err(DeployError::Kept { path: options.out.clone(), expected, found });
    }
    let network = match kept {
        Some(kept) => Network { endpoints: options.rpc.clone(), ..kept },
        None => create(options, &chain, &platform, key).await?,
    };
    // What is written is what every client will read.
    let network = Network::parse(network.to_json().as_bytes())?;
    prove(&network, platform).await?;
    replace_file(&options.out, &network.to_json())
        .map_err(|source| DeployError::File { path: options.out.clone(), source })?;
    Ok(network)
}

/// The chain that all endpoints show.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chain {
    id: u64,
    genesis: B256,
    checkpoint: TrustedCheckpoint,
}

impl Chain {
    fn network_id(&self) -> B256 {
        network_id(self.id, self.genesis)
    }
}

/// Asks all endpoints for the chain; the checkpoint is the genesis block while it can be trusted by its age, else the
/// newest header of the first endpoint (which the light client then verifies by its seals).
async fn look(options: &Options, platform: &Native<MemoryHeads>) -> Result<Chain, DeployError> {
    let mut chain: Option<Chain> = None;
    for url in &options.rpc {
        let node = Node { platform, url };
        let id = node.chain_id().await?;
        let header = node.header(Asked::Number(0)).await?;
        let hash_of = |header: &Header| {
            block_hash(header, &rules(id, options))
                .map_err(|source| DeployError::Header { url: url.clone(), source: Box::new(source) })
        };
        let genesis = hash_of(&header)?;
        if let Some(chain) = &chain {
            let differs = |what, expected: String, found: String| DeployError::Chains {
                url: url.clone(),
                first: options.rpc.first().cloned().unwrap_or_default(),
                what,
                expected,
                found,
            };
            if chain.id != id {
                return Err(differs("chain id", chain.id.to_string(), id.to_string()));
            }
            if chain.genesis != genesis {
                return Err(differs("genesis block", chain.genesis.to_string(), genesis.to_string()));
            }
            continue;
        }
        let is_young = platform.now().saturating_sub(header.timestamp) < TRUSTING_PERIOD / 2;
        let start = if is_young { header } else { node.header(Asked::Latest).await? };
        let checkpoint = TrustedCheckpoint { number: start.number, hash: hash_of(&start)? };
        chain = Some(Chain { id, genesis, checkpoint });
    }
    chain.ok_or(DeployError::NoEndpoint)
}

/// Creates the three contracts and waits for them.
async fn create(
    options: &Options,
    chain: &Chain,
    platform: &Native<MemoryHeads>,
    key: &SigningKey,
) -> Result<Network, DeployError> {
    let url = options.rpc.first().ok_or(DeployError::NoEndpoint)?;
    let node = Node { platform, url };
    let nonce = node.next_nonce(key.address()).await?;
    let at = creation::addresses(key.address(), nonce);
    let codes = [
        (creation::registry(chain.network_id(), &[key.address()], &at), at.registry),
        (creation::relationships(&at), at.relationships),
        (creation::summary(&at), at.summary),
    ];
    let draft = describe(options, chain, &at, [B256::ZERO; 3]);
    let client = Client::new(draft, Native::new(MemoryHeads::default())?);
    let mut created = Vec::new();
    for ((code, address), nonce) in codes.into_iter().zip(nonce..) {
        let transaction = sign(chain.id, nonce, options.gas_price, code.into(), key);
        client.hand_in(core::slice::from_ref(&transaction)).await?;
        created.push((transaction.hash, address));
    }
    let mut code_hashes = [B256::ZERO; 3];
    for ((transaction, address), code_hash) in created.into_iter().zip(&mut code_hashes) {
        let succeeded = wait(&node, transaction).await?;
        let code = node.code(address).await?;
        if !succeeded || code.is_empty() {
            return Err(DeployError::Created { transaction, address });
        }
        *code_hash = keccak256(code);
    }
    Ok(describe(options, chain, &at, code_hashes))
}

fn sign(chain_id: u64, nonce: u64, gas_price: u128, code: Bytes, key: &SigningKey) -> Submitted {
    let transaction = Transaction {
        chain_id,
        nonce,
        gas_price,
        gas_limit: CREATION_GAS,
        to: None,
        value: U256::ZERO,
        data: code,
    };
    let signature = key.sign_digest(transaction.signing_digest());
    let raw = Bytes::from(transaction.encode_signed(&signature));
    Submitted { hash: transaction_hash(&raw), sender: key.address(), nonce, raw }
}

/// Waits for a transaction's receipt and says whether it succeeded.
async fn wait(node: &Node<'_>, transaction: B256) -> Result<bool, DeployError> {
    for _ in 0..LIMIT_SECONDS * 1000 / POLL_MILLIS {
        if let Some(succeeded) = node.succeeded(transaction).await? {
            return Ok(succeeded);
        }
        node.platform.sleep(POLL_MILLIS).await;
    }
    Err(DeployError::Receipt { transaction, limit_seconds: LIMIT_SECONDS })
}

fn rules(chain_id: u64, options: &Options) -> ChainRules {
    ChainRules {
        chain_id,
        schedule: Schedule::constant(options.scheme, options.epoch_length, options.block_period),
        trust: TrustThreshold::OneThird,
        trusting_period: TRUSTING_PERIOD,
        clock_drift: CLOCK_DRIFT,
    }
}

fn describe(options: &Options, chain: &Chain, at: &Addresses, code_hashes: [B256; 3]) -> Network {
    let [registry, relationships, summary] = code_hashes;
    Network {
        name: options.name.clone(),
        rules: rules(chain.id, options),
        genesis_hash: chain.genesis,
        checkpoint: chain.checkpoint,
        checkpoint_validators: None,
        network_id: chain.network_id(),
        registry: ContractRef { address: at.registry, code_hash: registry },
        relationships: ContractRef { address: at.relationships, code_hash: relationships },
        summary: ContractRef { address: at.summary, code_hash: summary },
        endpoints: options.rpc.clone(),
        operators: None,
        max_head_age: MAX_HEAD_AGE,
        demo: options.demo,
    }
}

/// Proves what the description says, as every client will: headers, network id, code of all three contracts.
async fn prove(network: &Network, platform: Native<MemoryHeads>) -> Result<(), DeployError> {
    let client = Client::new(network.clone(), platform);
    for _ in 0..LIMIT_SECONDS * 1000 / POLL_MILLIS {
        match prove_once(&client).await {
            // The head that counts may be some blocks behind the contracts (Clique).
            Err(error) if error.code() == "network/no-contract" => client.platform().sleep(POLL_MILLIS).await,
            result => return Ok(result?),
        }
    }
    Ok(prove_once(&client).await?)
}

async fn prove_once(client: &Client<Native<MemoryHeads>>) -> Result<(), ClientError> {
    client.sync().await?;
    let head = client.head()?;
    let Network { registry, relationships, summary, .. } = client.network();
    for contract in [registry, relationships, summary] {
        client.state(&head, contract, &[]).await?;
    }
    Ok(())
}

fn read_kept(path: &Path) -> Result<Option<Network>, DeployError> {
    match std::fs::read(path) {
        Ok(json) => {
            let network = Network::parse(&json);
            network.map(Some).map_err(|source| DeployError::KeptForm { path: path.to_owned(), source })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DeployError::File { path: path.to_owned(), source }),
    }
}

/// Replaces the file as a whole, so that nobody reads half of it.
pub(crate) fn replace_file(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path))
}

/// Fourteen days: how long keys of former validators are trusted not to be turned against us.
const TRUSTING_PERIOD: u64 = 14 * 24 * 3600;
const CLOCK_DRIFT: u64 = 5;
const MAX_HEAD_AGE: u64 = 30;
/// The registry, the largest, needs a third of it.
const CREATION_GAS: u64 = 5_000_000;
const LIMIT_SECONDS: u64 = 60;
const POLL_MILLIS: u64 = 250;
