//! A network in one process: the development chain with its three endpoints, MedRec's contracts on it, one hospital,
//! and a clock that only moves when somebody waits.

pub(crate) mod hospital;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use alloy_primitives::{Address, B256, U256, address};
use client::{
    Client, EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError, rpc,
};
use devnet::{Devnet, Options, Rules, Scheme, Sealing};
use lightclient::{ChainRules, Schedule, SealScheme, Transaction, TrustThreshold, TrustedCheckpoint};
use native::{MemoryHeads, Native};
use protocol::contracts::{self, Admission, creation};
use protocol::keys::SigningKey;
use protocol::layout::MemberKind;
use protocol::network::{ContractRef, Network, network_id};
use serde_json::json;

use hospital::Hospital;

/// Where the time of the tests begins.
const GENESIS_TIME: u64 = 1_800_000_000;
const CHAIN_ID: u64 = 81_777;
/// The hospital's origin; nothing listens there.
pub(crate) const ORIGIN: &str = "http://hospital.test";

/// Everything that the platforms of one test share.
pub(crate) struct World {
    pub(crate) devnet: Devnet,
    pub(crate) hospital: Mutex<Hospital>,
    pub(crate) network: Network,
    /// The transaction that admitted the hospital, in block 1.
    #[allow(dead_code, reason = "the journeys ask for the log alone")]
    pub(crate) admission: B256,
    now_millis: AtomicU64,
    /// Whether blocks are sealed as time goes by.
    sealing: Mutex<bool>,
    folder: PathBuf,
}

impl World {
    /// Starts a QBFT chain, deploys the contracts and admits the hospital.
    pub(crate) async fn start(name: &str) -> Arc<Self> {
        Self::start_with(name, Rules::default()).await
    }

    /// Starts a chain with these rules but for its id, deploys the contracts and admits the hospital.
    pub(crate) async fn start_with(name: &str, rules: Rules) -> Arc<Self> {
        let folder = std::env::temp_dir().join(format!("medrec-client-{}-{name}", std::process::id()));
        let options = Options {
            state: folder.clone(),
            listen: vec!["127.0.0.1:0".parse().unwrap(); 3],
            rules: Rules { chain_id: CHAIN_ID, ..rules },
            genesis_time: Some(GENESIS_TIME),
            sealing: Sealing::Manual,
        };
        let devnet = Devnet::start(options).await.unwrap();
        let genesis_hash = devnet.chain().genesis();
        let network_id = network_id(CHAIN_ID, genesis_hash);
        let operator = SigningKey::from_bytes(&[0x11; 32]).unwrap();
        let at = creation::addresses(operator.address(), 0);
        let hospital = Hospital::new(CHAIN_ID, at.relationships);
        let admission = contracts::admit_member(&Admission {
            member: hospital.address(),
            kind: MemberKind::Provider,
            encryption_key: B256::repeat_byte(1),
            profile_digest: B256::ZERO,
            name: "A hospital whose name does not fit into one word".to_owned(),
            endpoint: ORIGIN.to_owned(),
        });
        let messages = [
            (None, creation::registry(network_id, &[operator.address()], &at)),
            (None, creation::relationships(&at)),
            (None, creation::summary(&at)),
            (Some(at.registry), admission),
        ];
        let mut admission = B256::ZERO;
        for (nonce, (to, data)) in (0..).zip(messages) {
            let raw = signed(&operator, nonce, to, data);
            admission = devnet.chain().submit(&raw.into()).unwrap();
        }
        devnet.chain().seal_next(GENESIS_TIME + 1).unwrap();
        let http = Native::new(MemoryHeads::default()).unwrap();
        let url = devnet.endpoints()[0].clone();
        let described = |address| {
            let (http, url) = (&http, &url);
            async move { ContractRef { address, code_hash: code_hash(http, url, address).await } }
        };
        let network = Network {
            name: "test".to_owned(),
            rules: ChainRules {
                chain_id: CHAIN_ID,
                schedule: Schedule::constant(seal_scheme(rules.scheme), rules.epoch, rules.period),
                trust: TrustThreshold::OneThird,
                trusting_period: 86_400,
                clock_drift: 5,
            },
            genesis_hash,
            checkpoint: TrustedCheckpoint { number: 0, hash: genesis_hash },
            checkpoint_validators: None,
            network_id,
            registry: described(at.registry).await,
            relationships: described(at.relationships).await,
            summary: described(at.summary).await,
            endpoints: devnet.endpoints(),
            operators: None,
            max_head_age: 30,
            demo: true,
        };
        Arc::new(Self {
            devnet,
            hospital: Mutex::new(hospital),
            network: Network::parse(network.to_json().as_bytes()).unwrap(),
            admission,
            now_millis: AtomicU64::new((GENESIS_TIME + 1) * 1000),
            sealing: Mutex::new(true),
            folder,
        })
    }

    /// A client of its own, with an empty store.
    pub(crate) fn client(self: &Arc<Self>) -> Client<Visitor> {
        self.client_of(self.network.clone(), u64::MAX)
    }

    /// A client of another description of the network, which waits at most so long for an answer.
    pub(crate) fn client_of(self: &Arc<Self>, network: Network, patience_millis: u64) -> Client<Visitor> {
        let native = Native::new(MemoryHeads::default()).unwrap();
        let random = AtomicU64::new(0);
        Client::new(network, Visitor { world: self.clone(), native, random, patience_millis })
    }

    /// Lets time pass, and seals the block that is due.
    pub(crate) fn pass(&self, millis: u64) {
        let now = self.now_millis.fetch_add(millis, Ordering::Relaxed) + millis;
        if *self.sealing.lock().unwrap() {
            self.devnet.chain().seal_next(now / 1000).unwrap();
        }
    }

    /// Stops or goes on sealing.
    pub(crate) fn set_sealing(&self, sealing: bool) {
        *self.sealing.lock().unwrap() = sealing;
    }

    /// The time in seconds.
    pub(crate) fn now(&self) -> u64 {
        self.now_millis.load(Ordering::Relaxed) / 1000
    }

    /// Tells one endpoint to lie, or to stop lying.
    pub(crate) async fn set_lie(&self, index: usize, lie: Option<&str>) {
        let http = Native::new(MemoryHeads::default()).unwrap();
        let call = rpc::RpcCall { method: "devnet_setLie", params: json!([lie]) };
        rpc::request(&http, &self.network.endpoints[index], &[call]).await.unwrap()[0].as_ref().unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What is left of a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The verifier's name for how the chain is sealed.
const fn seal_scheme(scheme: Scheme) -> SealScheme {
    match scheme {
        Scheme::Clique => SealScheme::Clique,
        Scheme::Ibft => SealScheme::Ibft,
        Scheme::Ibft2 => SealScheme::Ibft2,
        Scheme::Qbft => SealScheme::Qbft,
        Scheme::QbftContract => SealScheme::QbftContract {
            address: address!("0000000000000000000000000000000000008888"),
            slot: U256::ZERO,
        },
    }
}

/// A transaction of the test network, signed and encoded.
pub(crate) fn signed(key: &SigningKey, nonce: u64, to: Option<Address>, data: Vec<u8>) -> Vec<u8> {
    let transaction = Transaction {
        chain_id: CHAIN_ID,
        nonce,
        gas_price: 0,
        gas_limit: 6_000_000,
        to,
        value: U256::ZERO,
        data: data.into(),
    };
    let signature = key.sign_digest(transaction.signing_digest());
    transaction.encode_signed(&signature)
}

/// What a node says the code hash is: the operator, who describes the network, believes its own node.
async fn code_hash(http: &Native<MemoryHeads>, url: &str, address: Address) -> B256 {
    let answers = rpc::request(http, url, &[rpc::RpcCall::proof(address, &[], 1)]).await.unwrap();
    answers[0].as_ref().unwrap()["codeHash"].as_str().unwrap().parse().unwrap()
}

/// The platform of one client: real HTTP to the endpoints, the hospital in memory, the world's clock.
pub(crate) struct Visitor {
    world: Arc<World>,
    native: Native<MemoryHeads>,
    random: AtomicU64,
    patience_millis: u64,
}

impl Http for Visitor {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        if request.url.starts_with(ORIGIN) {
            let world = &self.world;
            return world.hospital.lock().unwrap().answer(&request, world.now(), world.devnet.chain());
        }
        let timeout_millis = request.timeout_millis.min(self.patience_millis);
        self.native.post(HttpRequest { timeout_millis, ..request }).await
    }
}

impl HeadStore for Visitor {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        self.native.load_head(network_id).await
    }

    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.native.save_head(network_id, head, replaces).await
    }
}

impl Platform for Visitor {
    fn now_millis(&self) -> u64 {
        self.world.now_millis.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            let counter = self.random.fetch_add(1, Ordering::Relaxed);
            *byte = u8::try_from(counter % 251).unwrap();
        }
        Ok(())
    }

    async fn sleep(&self, millis: u64) {
        self.world.pass(millis);
    }
}
