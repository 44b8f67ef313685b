//! The matrix: each lie of one seal scheme, told alone and in company.

use std::fmt::Write as _;
use std::sync::Arc;

use alloy_primitives::{Address, B256};
use client::{Client, ClientError, Head, HeadStore, Problem, encode_stored_head, rpc};
use devnet::{Lie, Rules, Scheme};
use lightclient::{Asked, Fault, LogFilter, block_hash};
use native::{MemoryHeads, Native};
use protocol::network::Network;

use super::world::{Visitor, World};

/// Runs all lies that can be told on a chain of this scheme and compares what comes of them with `matrix.txt`.
pub(crate) async fn run(scheme: Scheme) {
    let world =
        World::start_with(&format!("lies-{}", scheme.name()), Rules { scheme, epoch: 8, ..Rules::default() })
            .await;
    let honest = Honest::new(&world).await;
    let mut found = String::new();
    for lie in Lie::all().filter(|lie| lie.schemes.contains(&scheme)) {
        world.set_lie(0, Some(lie.name)).await;
        let alone = honest.alone(&world).await;
        honest.in_company(&world, lie.name).await;
        world.set_lie(0, None).await;
        let columns: Vec<String> = alone.iter().map(|outcome| honest.judge(lie.name, outcome)).collect();
        let is_harmless = columns.iter().all(|column| column == "ok");
        assert!(!is_harmless || HARMLESS.contains(&lie.name), "{} is not noticed", lie.name);
        writeln!(found, "{} {} {}", scheme.name(), lie.name, columns.join(" ")).unwrap();
    }
    let rows: Vec<&str> = MATRIX.lines().filter(|row| row.split(' ').next() == Some(scheme.name())).collect();
    let differing: Vec<&str> =
        found.lines().filter(|found| !rows.iter().any(|row| is_as_expected(row, found))).collect();
    assert!(differing.is_empty(), "not as matrix.txt says:\n{}", differing.join("\n"));
    assert_eq!(found.lines().count(), rows.len(), "a row of {} without a lie", scheme.name());
    println!("{}: {} lies, each with its error", scheme.name(), found.lines().count());
}

/// Whether each column is one of those that the row names, which `|` separates.
fn is_as_expected(row: &str, found: &str) -> bool {
    row.split(' ').count() == found.split(' ').count()
        && row
            .split(' ')
            .zip(found.split(' '))
            .all(|(any_of, found)| any_of.split('|').any(|one| one == found))
}

/// What one question came to.
type Outcome = (&'static str, Result<Value, ClientError>);

/// What can be asked; equal when they say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// Number and hash.
    Head(u64, B256),
    /// As the debug form has it.
    Other(String),
}

/// The truth about a chain, and a head of it.
struct Honest {
    /// The hash of each block.
    hashes: Vec<B256>,
    head: Head,
    /// A head of some blocks ago, as a client keeps it.
    stored: Vec<u8>,
    state: Value,
    receipt: Value,
    logs: Value,
}

impl Honest {
    /// Lets a validator be voted out and some epochs pass, then asks an honest endpoint for everything.
    async fn new(world: &Arc<World>) -> Self {
        let chain = world.devnet.chain();
        world.pass(1000);
        chain.vote_out(chain.validators()[1]).unwrap();
        let client = world.client();
        while chain.head_number() < KNOWN_BLOCKS {
            world.pass(1000);
        }
        assert_eq!(chain.validators().len(), 3, "the vote came true");
        let stored = encode_stored_head(&client.sync().await.unwrap().head);
        while chain.head_number() < BLOCKS {
            world.pass(1000);
        }
        client.sync().await.unwrap();
        let head = client.head().unwrap();
        let mut hashes = vec![world.network.genesis_hash];
        for number in 1..=chain.head_number() {
            hashes.push(hash_of(world, number).await);
        }
        let [state, receipt, logs] = [
            state(&client, &head).await.unwrap(),
            receipt(&client, &head, world).await.unwrap(),
            logs(&client, &head, world).await.unwrap(),
        ];
        Self { hashes, head, stored, state, receipt, logs }
    }

    /// Everything asked of the liar alone.
    async fn alone(&self, world: &Arc<World>) -> [Outcome; 5] {
        let network = only(world, &[0]);
        let fresh = world.client_of(network.clone(), PATIENCE_MILLIS);
        let following = world.client_of(network.clone(), PATIENCE_MILLIS);
        following.platform().save_head(network.network_id, self.stored.clone(), |_| true).await.unwrap();
        // Whoever reads stands on a head that was verified before the lie.
        let reading = world.client_of(network, PATIENCE_MILLIS);
        let (sync, follow, state, receipt, logs) = tokio::join!(
            sync(&fresh),
            sync(&following),
            state(&reading, &self.head),
            receipt(&reading, &self.head, world),
            logs(&reading, &self.head, world),
        );
        [("sync", sync), ("follow", follow), ("state", state), ("receipt", receipt), ("logs", logs)]
    }

    /// The same beside two honest endpoints, where nothing may fail; but that quorums sealed two chains is the end.
    async fn in_company(&self, world: &Arc<World>, lie: &str) {
        let client = world.client_of(world.network.clone(), PATIENCE_MILLIS);
        match client.sync().await {
            Ok(report) => {
                let newest = self.hashes.len() as u64 - 1;
                let number = report.head.number();
                assert_eq!(report.head.hash(), self.hashes[usize::try_from(number).unwrap()], "{lie}");
                assert!(number + 3 > newest, "{lie}: head {number} of {newest}");
            }
            Err(error) => {
                assert!(FORKS.contains(&lie) && error.is_equivocation(), "{lie}: {error}");
                return;
            }
        }
        let head = client.head().unwrap();
        assert_eq!(state(&client, &head).await.as_ref(), Ok(&self.state), "{lie}");
        assert_eq!(receipt(&client, &head, world).await.as_ref(), Ok(&self.receipt), "{lie}");
        assert_eq!(logs(&client, &head, world).await.as_ref(), Ok(&self.logs), "{lie}");
    }

    /// `ok` for the honest value, else the code of the error; anything else ends the test.
    fn judge(&self, lie: &str, (what, outcome): &Outcome) -> String {
        let expected = match (*what, outcome) {
            (_, Err(error)) => {
                assert!(error.fault() != Fault::Caller || CLOCK.contains(&lie), "{lie} {what}: {error:?}");
                return match &*error.problem {
                    Problem::Unreachable { endpoints } => endpoints[0].code.clone(),
                    _ => error.code(),
                };
            }
            (_, Ok(Value::Head(number, _))) => Value::Head(
                *number,
                self.hashes.get(usize::try_from(*number).unwrap()).copied().unwrap_or_default(),
            ),
            ("state", Ok(_)) => self.state.clone(),
            ("receipt", Ok(_)) => self.receipt.clone(),
            (_, Ok(_)) => self.logs.clone(),
        };
        if outcome.as_ref() != Ok(&expected) && TRUSTED_THEN == (lie, *what) {
            return "trusted-then".to_owned();
        }
        assert_eq!(outcome.as_ref(), Ok(&expected), "{lie}: a wrong value got out of {what}");
        "ok".to_owned()
    }
}

/// The hash of a block, as an honest endpoint has it.
async fn hash_of(world: &World, number: u64) -> B256 {
    let http = Native::new(MemoryHeads::default()).unwrap();
    let url = &world.network.endpoints[1];
    let answers = rpc::request(&http, url, &[rpc::RpcCall::header(Asked::Number(number))]).await.unwrap();
    block_hash(&rpc::decode_header(answers[0].as_ref().unwrap()).unwrap(), &world.network.rules).unwrap()
}

/// The head that a client gets to.
async fn sync(client: &Client<Visitor>) -> Result<Value, ClientError> {
    client.sync().await.map(|report| Value::Head(report.head.number(), report.head.hash()))
}

/// The directory and an account that nobody has used.
async fn state(client: &Client<Visitor>, head: &Head) -> Result<Value, ClientError> {
    let members = client.members(head).await?;
    let nobody = client.account(head, Address::repeat_byte(0xee)).await?;
    Ok(Value::Other(format!("{members:?} {:?}", nobody.exists())))
}

/// The receipt of the hospital's admission.
async fn receipt(client: &Client<Visitor>, head: &Head, world: &World) -> Result<Value, ClientError> {
    Ok(Value::Other(format!("{:?}", client.receipt(head, world.admission).await?)))
}

/// All logs of the registry.
async fn logs(client: &Client<Visitor>, head: &Head, world: &World) -> Result<Value, ClientError> {
    let filter = LogFilter::new(vec![world.network.registry.address], vec![]);
    Ok(Value::Other(format!("{:?}", client.logs(head, &filter, 1..=head.header().number()).await?)))
}

/// The network with these endpoints alone.
fn only(world: &World, endpoints: &[usize]) -> Network {
    let endpoints = endpoints.iter().map(|index| world.network.endpoints[*index].clone()).collect();
    Network { endpoints, ..world.network.clone() }
}

const MATRIX: &str = include_str!("matrix.txt");
/// How long the chain is, and how much of it a client knows that comes again.
const BLOCKS: u64 = 30;
const KNOWN_BLOCKS: u64 = 22;
/// How long to wait for an answer.
const PATIENCE_MILLIS: u64 = 2_000;
/// Lies about what is never read or never believed: a `hash`, a value beside its proof, code, the number of the newest
/// block, the chain id, a lone receipt; and what is no lie to us: another order, other seals, an old head.
const HARMLESS: [&str; 11] = [
    "changed-code",
    "lone-signer",
    "malleable-seal",
    "other-receipt",
    "phantom-head",
    "reordered-slots",
    "reversed-batch",
    "stale",
    "wrong-chain-id",
    "wrong-hash",
    "wrong-value",
];
/// Lies that only those can tell who hold the keys of a quorum: two sealed chains end everything.
const FORKS: [&str; 3] = ["equivocation", "fork", "old-validators"];
/// Whoever starts at a checkpoint trusts the validators of that time: a quorum of them that forks the chain since then is
/// indistinguishable from the chain for who asks nobody else. The trusting period and other endpoints stand against it.
const TRUSTED_THEN: (&str, &str) = ("old-validators", "sync");
/// Lies that a wrong clock of our own would look like.
const CLOCK: [&str; 1] = ["future"];
