//! Tests of the operator's commands: the built program against the development chain.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Output;

use alloy_primitives::{Address, B256};
use devnet::{Devnet, Options, Rules, Scheme, Sealing};
use protocol::checkpoint::{CheckpointError, CheckpointUpdate};
use protocol::network::{Network, Operators};
use serde_json::Value;
use tokio::process::Command;

/// A fresh folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("medrec-operator-{name}-{}", std::process::id()));
    let _former = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

async fn chain(folder: &Path, chain_id: u64) -> Devnet {
    sealed_by(folder, Rules { chain_id, ..Rules::default() }).await
}

async fn sealed_by(folder: &Path, rules: Rules) -> Devnet {
    let options = Options {
        state: folder.join(format!("chain-{}", rules.chain_id)),
        listen: vec!["127.0.0.1:0".parse().unwrap(); 2],
        rules,
        genesis_time: None,
        sealing: Sealing::Clock,
    };
    Devnet::start(options).await.unwrap()
}

async fn medrec(folder: &Path, args: &str) -> Output {
    let args = args.split(' ').map(|arg| arg.replace('_', " "));
    Command::new(env!("CARGO_BIN_EXE_medrec")).current_dir(folder).args(args).output().await.unwrap()
}

/// What a command that must succeed says.
async fn done(folder: &Path, args: &str) -> Value {
    let output = medrec(folder, args).await;
    assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command that must fail with this exit code says.
async fn refused(folder: &Path, args: &str, code: i32) -> String {
    let output = medrec(folder, args).await;
    assert_eq!(output.status.code(), Some(code), "{args}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

const ADMIT: &str = "operator admit --network network.json --key-file operator.key --kind provider \
                     --endpoint http://127.0.0.1:1 --encryption-key \
                     0x1111111111111111111111111111111111111111111111111111111111111111";
const MEMBER: &str = "--member 0x00000000000000000000000000000000000000b2 --name General_Hospital";

#[tokio::test]
async fn deploys_once_and_admits_once() {
    let folder = folder("path");
    let chain = chain(&folder, 4242).await;
    let rpc = chain.endpoints().join(",");
    let deploy = format!(
        "operator deploy --rpc {rpc} --key-file operator.key --chain-name Test_network --out network.json --demo"
    );
    let key = done(&folder, "operator key --key-file operator.key").await;
    assert_eq!(done(&folder, "operator key --key-file operator.key").await, key);

    let network = done(&folder, &deploy).await;
    let written = std::fs::read(folder.join("network.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), network);
    let parsed = Network::parse(&written).unwrap();
    assert_eq!((parsed.name.as_str(), parsed.rules.chain_id, parsed.demo), ("Test network", 4242, true));
    assert_eq!((parsed.genesis_hash, parsed.checkpoint.number), (chain.chain().genesis(), 0));
    assert_eq!(parsed.endpoints, chain.endpoints());
    assert_eq!(done(&folder, &deploy).await, network);

    let admit = format!("{ADMIT} {MEMBER}");
    let admitted = done(&folder, &admit).await;
    assert_eq!(admitted["status"], "admitted");
    assert_eq!(done(&folder, &admit).await["status"], "admitted");

    let other_name = format!("{ADMIT} {} --name Other", MEMBER.split(" --name").next().unwrap());
    assert!(refused(&folder, &other_name, 1).await.contains("the registry refused"));
    done(&folder, "operator key --key-file stranger.key").await;
    let stranger = format!("{ADMIT} --member 0x00000000000000000000000000000000000000c3 --name Stranger");
    let stranger = stranger.replace("operator.key", "stranger.key");
    assert!(refused(&folder, &stranger, 1).await.contains("the registry refused"));
    chain.stop().await;
}

#[tokio::test]
async fn deploys_on_chains_of_every_scheme() {
    for (number, (scheme, name)) in
        (10..).zip([(Scheme::Ibft2, "ibft2"), (Scheme::Ibft, "ibft"), (Scheme::Clique, "clique")])
    {
        let folder = folder(name);
        let chain =
            sealed_by(&folder, Rules { chain_id: number, scheme, epoch: 100, ..Rules::default() }).await;
        done(&folder, "operator key --key-file operator.key").await;
        let deploy = format!(
            "operator deploy --rpc {} --key-file operator.key --chain-name N --out network.json --epoch-length 100",
            chain.endpoints().join(",")
        );
        // By the wrong scheme no header verifies, and nothing is written.
        refused(&folder, &format!("{deploy} --scheme qbft"), 1).await;
        assert!(!folder.join("network.json").exists());
        let network = done(&folder, &format!("{deploy} --scheme {name}")).await;
        assert_eq!(network["transitions"][0]["sealScheme"], name);
        chain.stop().await;
    }
}

#[tokio::test]
async fn never_replaces_the_description_of_another_chain() {
    let folder = folder("other");
    let (first, second) = (chain(&folder, 1).await, chain(&folder, 2).await);
    done(&folder, "operator key --key-file operator.key").await;
    let deploy = |rpc: String| {
        format!("operator deploy --rpc {rpc} --key-file operator.key --chain-name N --out network.json")
    };
    done(&folder, &deploy(first.endpoints().join(","))).await;
    let written = std::fs::read(folder.join("network.json")).unwrap();
    let said = refused(&folder, &deploy(second.endpoints().join(",")), 1).await;
    assert!(said.starts_with("medrec: network.json describes chain 0x"), "{said}");
    let mixed = [first.endpoints(), second.endpoints()].concat().join(",");
    let said = refused(&folder, &deploy(mixed), 1).await;
    assert!(said.contains("shows chain id 2, expected 1"), "{said}");
    assert_eq!(std::fs::read(folder.join("network.json")).unwrap(), written);
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn operators_sign_a_checkpoint_one_after_the_other() {
    let folder = folder("checkpoint");
    let chain = chain(&folder, 77).await;
    let mut addresses = Vec::new();
    for name in ["operator", "second", "stranger"] {
        let key = done(&folder, &format!("operator key --key-file {name}.key")).await;
        addresses.push(key["address"].as_str().unwrap().parse::<Address>().unwrap());
    }
    let rpc = chain.endpoints().join(",");
    done(
        &folder,
        &format!("operator deploy --rpc {rpc} --key-file operator.key --chain-name N --out network.json"),
    )
    .await;
    let path = folder.join("network.json");
    let described = Network::parse(&std::fs::read(&path).unwrap()).unwrap();
    let said =
        refused(&folder, "operator checkpoint --network network.json --key-file operator.key", 1).await;
    assert_eq!(said, "medrec: network has no operators\n");
    let mut operators = addresses[..2].to_vec();
    operators.sort_unstable();
    let network = Network { operators: Some(Operators::new(2, operators).unwrap()), ..described };
    std::fs::write(&path, network.to_json()).unwrap();

    let first = medrec(&folder, "operator checkpoint --network network.json --key-file operator.key").await;
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.stderr, b"1 of 2 signatures\n");
    std::fs::write(folder.join("update.json"), &first.stdout).unwrap();
    let one = CheckpointUpdate::parse(&first.stdout).unwrap();
    assert!(one.number > 0);
    let too_few = CheckpointError::TooFewSigners { expected: 2, found: 1 };
    assert_eq!(network.updated(&one), Err(too_few));

    let check = "operator checkpoint --network network.json --check update.json";
    assert_eq!(refused(&folder, check, 1).await, "medrec: 1 operators signed, expected 2\n");
    let add = "operator checkpoint --network network.json --add update.json --key-file";
    let stranger = refused(&folder, &format!("{add} stranger.key"), 1).await;
    assert_eq!(stranger, format!("medrec: signed by {}, who is no operator\n", addresses[2]));
    let forged = CheckpointUpdate { hash: B256::repeat_byte(1), signatures: vec![], ..one.clone() };
    std::fs::write(folder.join("forged.json"), forged.to_json()).unwrap();
    let said = refused(
        &folder,
        "operator checkpoint --network network.json --key-file second.key --add forged.json",
        1,
    )
    .await;
    let expected =
        format!("medrec: block {} is {}, proven; the update says {}\n", one.number, one.hash, forged.hash);
    assert_eq!(said, expected);

    for _ in 0..2 {
        let second = medrec(&folder, &format!("{add} second.key")).await;
        assert_eq!(second.stderr, b"2 of 2 signatures\n");
        let both = CheckpointUpdate::parse(&std::fs::read(folder.join("update.json")).unwrap()).unwrap();
        assert_eq!(CheckpointUpdate::parse(&second.stdout).unwrap(), both);
        assert_eq!(both.verify_signers(&network).unwrap(), addresses[..2]);
        assert_eq!((both.number, both.hash), (one.number, one.hash));
        assert_eq!(network.updated(&both).unwrap().checkpoint.hash, one.hash);
    }
    let checked = medrec(&folder, check).await;
    assert_eq!((checked.status.success(), &*checked.stderr), (true, &b"2 of 2 signatures\n"[..]));
    chain.stop().await;
}

#[tokio::test]
async fn says_what_is_wrong() {
    let folder = folder("wrong");
    done(&folder, "operator key --key-file operator.key").await;
    for (args, code, words) in [
        ("operator", 2, "medrec operator deploy"),
        ("patient key", 2, "medrec operator deploy"),
        ("operator key", 2, "--key-file is missing"),
        ("operator key --key-file", 2, "--key-file has no value"),
        ("operator deploy --rpc a --verbose", 2, "--verbose is not known here"),
        (
            "operator deploy --rpc http://127.0.0.1:1 --key-file operator.key --chain-name N --out n.json",
            1,
            "http://127.0.0.1:1: no connection",
        ),
        (
            "operator deploy --rpc http://127.0.0.1:1 --key-file none.key --chain-name N --out n.json",
            1,
            "none.key: No such file",
        ),
        (&format!("{ADMIT} --member 0xb2 --name N"), 2, "--member is \"0xb2\", expected 0x and 40"),
        (&format!("{ADMIT} {MEMBER}"), 1, "network.json: No such file"),
    ] {
        let said = refused(&folder, args, code).await;
        assert!(said.contains(words), "{args}: {said}");
    }
    assert!(!folder.join("n.json").exists());
}
