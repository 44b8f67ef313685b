//! Public chains, Besu and the scenarios of EIP-225, read from a folder beside the project.
//!
//! They are not copied into the project. Where the folder is missing (`../shared/vectors/thirdparty`, seen from
//! the project), each test says so in its output and checks nothing.

use std::path::Path;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    votes::{Block, key, play},
    *,
};

/// One of the files, unless the folder is not there.
fn vectors<T: DeserializeOwned>(path: &str) -> Option<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/thirdparty");
    if !folder.exists() {
        println!("NOT CHECKED: {path}, because {} is not there", folder.display());
        return None;
    }
    Some(serde_json::from_str(&std::fs::read_to_string(folder.join(path)).unwrap()).unwrap())
}

const EPOCH: u64 = 30_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sealed {
    header_rlp: Bytes,
    /// Missing where the file only says that it was right.
    hash: Option<B256>,
    #[serde(alias = "author")]
    signer: Option<Address>,
}

impl Sealed {
    /// The header, once its bytes, hash and signer are as the file says.
    fn check(&self) -> Header {
        let header = Header::decode(&self.header_rlp).unwrap();
        assert_eq!(header.encode(), self.header_rlp);
        if let Some(hash) = self.hash {
            assert_eq!(block_hash(&header), hash);
        }
        if let Some(signer) = self.signer {
            assert_eq!(ExtraData::decode(&header, EPOCH).unwrap().signer(&header), Ok(signer));
        }
        header
    }
}

/// Takes up headers one after the other from a snapshot of the block before them.
fn apply(snapshot: &mut Snapshot, blocks: &[Sealed], block_period: u64) {
    let mut parent: Option<Header> = None;
    for block in blocks {
        let header = block.check();
        if let Some(parent) = &parent {
            assert_eq!(header.parent_hash, block_hash(parent));
            assert_eq!(check_successor(parent, &header, block_period), Ok(()));
        }
        assert_eq!(snapshot.apply(&header, EPOCH).ok(), block.signer);
        parent = Some(header);
    }
}

/// A genesis block like one that is only known by its signers.
fn start(signers: &[Address]) -> Snapshot {
    let header = Header { extra_data: extra_data(signers), ..genesis(&[]) };
    Snapshot::at_checkpoint(&header, EPOCH).unwrap()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rinkeby {
    genesis_signers: Vec<Address>,
    blocks: Vec<Sealed>,
    checkpoint30000: Checkpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checkpoint {
    #[serde(flatten)]
    sealed: Sealed,
    signers_in_header: Vec<Address>,
}

#[test]
fn the_first_blocks_of_rinkeby_apply_and_its_checkpoint_starts_a_snapshot() {
    let Some(file) = vectors::<Rinkeby>("clique-public/rinkeby.json") else { return };
    assert_eq!(file.blocks.len(), 5);
    apply(&mut start(&file.genesis_signers), &file.blocks, 15);
    let checkpoint = file.checkpoint30000.sealed.check();
    let snapshot = Snapshot::at_checkpoint(&checkpoint, EPOCH).unwrap();
    assert_eq!(snapshot.signers(), file.checkpoint30000.signers_in_header);
    assert_eq!(snapshot.sealed_by(), file.checkpoint30000.sealed.signer);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Goerli {
    genesis_signers: Vec<Address>,
    blocks: Vec<Sealed>,
    later: Vec<Later>,
}

#[derive(Deserialize)]
struct Later {
    #[serde(flatten)]
    sealed: Sealed,
    json: LaterJson,
}

#[derive(Deserialize)]
struct LaterJson {
    hash: B256,
}

#[test]
fn blocks_of_goerli_apply_and_later_ones_are_of_their_signers() {
    let Some(file) = vectors::<Goerli>("clique-public/goerli.json") else { return };
    assert_eq!((file.blocks.len(), file.later.len()), (7, 2));
    apply(&mut start(&file.genesis_signers), &file.blocks, 15);
    let later: Vec<Header> = file.later.iter().map(|later| later.sealed.check()).collect();
    for (header, later) in later.iter().zip(&file.later) {
        assert_eq!(block_hash(header), later.json.hash);
        assert!(later.sealed.signer.is_some());
    }
    // One of them is before London, one after.
    assert_eq!(later.iter().filter(|header| header.base_fee_per_gas.is_some()).count(), 1);
}

#[derive(Deserialize)]
struct Besu {
    blocks: Vec<Sealed>,
}

#[test]
fn blocks_of_besu_with_london_apply() {
    let Some(file) = vectors::<Besu>("besu/clique-london-4.json") else { return };
    let (genesis, blocks) = file.blocks.split_first().unwrap();
    let genesis = genesis.check();
    assert_eq!(blocks.len(), 4);
    assert_eq!(check_successor(&genesis, &blocks[0].check(), 10), Ok(()));
    apply(&mut Snapshot::at_checkpoint(&genesis, EPOCH).unwrap(), blocks, 10);
}

#[derive(Deserialize)]
struct Scenarios {
    cases: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    comment: String,
    epoch: u64,
    signers: Vec<String>,
    votes: Vec<Vote>,
    results: Option<Vec<String>>,
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Vote {
    signer: char,
    voted: Option<char>,
    #[serde(default)]
    auth: bool,
    checkpoint: Option<Vec<String>>,
}

impl From<&Vote> for Block {
    fn from(vote: &Vote) -> Self {
        let nonce = if vote.auth { [0xff; 8] } else { [0; 8] };
        Self {
            signer: vote.signer,
            vote: vote.voted.map(|candidate| (candidate, nonce)),
            named: vote.checkpoint.as_ref().map(|named| named.concat()),
        }
    }
}

#[test]
fn all_23_scenarios_of_eip_225_end_as_they_should() {
    let Some(file) = vectors::<Scenarios>("eips/eip-225-votes.json") else { return };
    assert_eq!(file.cases.len(), 23);
    for case in file.cases {
        let blocks: Vec<Block> = case.votes.iter().map(Block::from).collect();
        let (number, signer) = (u64::try_from(blocks.len()).unwrap(), blocks.last().unwrap().signer);
        let signer = address(&key(signer));
        let expected = match case.failure.as_deref() {
            None => Ok(case.results.unwrap().concat()),
            Some("errUnauthorizedSigner") => Err(CliqueError::UnknownSigner { number, signer }),
            Some("errRecentlySigned") => {
                Err(CliqueError::RecentSigner { number, signer, window: case.signers.len() / 2 })
            }
            Some(other) => panic!("{other}"),
        };
        assert_eq!(play(&case.signers.concat(), case.epoch, &blocks), expected, "{}", case.comment);
    }
}
