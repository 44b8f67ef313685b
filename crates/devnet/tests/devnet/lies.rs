//! Each lie is told by the endpoint it was switched on at, by no other, and only until it is switched off.

use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Value, json};

use crate::check::{Fault, check};
use crate::harness::{Account, Net, WRITER, call, hash, number, post, words};

struct Told {
    net: Net,
    account: Account,
    contract: Address,
}

/// A chain with a contract whose slot 1 holds 11, then 12.
fn told() -> Told {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, WRITER);
    net.transact(&mut account, Some(contract), words(1, 11));
    net.transact(&mut account, Some(contract), words(1, 12));
    Told { net, account, contract }
}

impl Told {
    fn tell(&self, lie: &str) {
        assert_eq!(self.net.ask_at(1, "devnet_setLie", json!([lie])), lie);
    }

    fn block(&self, endpoint: usize) -> Value {
        self.net.ask_at(endpoint, "eth_getBlockByNumber", json!(["latest", false]))
    }

    fn proof(&self, endpoint: usize) -> Value {
        let slots = [B256::from(U256::from(1)), B256::from(U256::from(2))];
        self.net.ask_at(endpoint, "eth_getProof", json!([self.contract, slots, "latest"]))
    }
}

#[test]
fn can_be_dead_or_talk_garbage_while_the_others_go_on() {
    let told = told();
    let request = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    told.tell("dead");
    assert_eq!(post(&told.net.endpoints[1], request).0, 503);
    assert_eq!(post(&told.net.endpoints[0], request).0, 200);
    told.tell("garbage");
    assert!(post(&told.net.endpoints[1], request).2.starts_with(b"<!doctype html>"));
    told.tell("huge");
    assert_eq!(post(&told.net.endpoints[1], request).2.len(), 64 * 1024 * 1024);
}

#[test]
fn can_be_stale() {
    let mut told = told();
    told.tell("stale");
    let raw = told.account.sign(Some(told.contract), words(1, 13));
    let sent = told.net.ask("eth_sendRawTransaction", json!([raw]));
    assert_eq!((told.net.seal(), told.net.seal()), (4, 5));
    assert_eq!(told.net.ask_at(1, "eth_blockNumber", json!([])), "0x3");
    assert_eq!(number(&told.block(1)["number"]), 3);
    assert_eq!(told.net.ask_at(1, "eth_getBlockByNumber", json!(["0x4", false])), Value::Null);
    assert_eq!(told.net.ask_at(1, "eth_getTransactionReceipt", json!([sent])), Value::Null);
    assert_eq!(told.proof(1)["storageProof"][0]["value"], "0xc");
    assert_eq!(told.proof(0)["storageProof"][0]["value"], "0xd");
}

#[test]
fn can_serve_headers_that_are_not_properly_sealed() {
    let told = told();
    told.tell("short-seals");
    assert_eq!(check(&told.block(1)).expect_err("too few seals"), Fault::Quorum { expected: 3, found: 2 });
    told.tell("outsider-seal");
    assert_eq!(
        check(&told.block(1)).expect_err("a stranger's seal"),
        Fault::Outsider(Account::new(0x42).address())
    );
    told.tell("forged-header");
    let forged = told.block(1);
    assert!(matches!(check(&forged).expect_err("nobody sealed that"), Fault::Outsider(_)));
    assert_ne!(forged["stateRoot"], told.block(0)["stateRoot"]);
    assert_eq!(told.net.ask_at(1, "eth_getBlockByHash", json!([forged["hash"], false])), forged);
    check(&told.block(0)).expect("the others are honest");
}

#[test]
fn can_serve_a_second_properly_sealed_header() {
    let told = told();
    for (lie, ahead) in [("fork", 0), ("future", 3600)] {
        told.tell(lie);
        let (other, honest) = (told.block(1), told.block(0));
        assert_eq!(check(&other).expect("properly sealed").signers.len(), 3);
        assert_ne!(other["hash"], honest["hash"]);
        assert_eq!(other["parentHash"], honest["parentHash"]);
        assert_eq!(other["stateRoot"], honest["stateRoot"]);
        assert_eq!(number(&other["timestamp"]), number(&honest["timestamp"]) + ahead);
        assert_eq!(told.net.ask_at(1, "eth_getBlockByHash", json!([other["hash"], false])), other);
    }
}

#[test]
fn can_answer_for_something_else() {
    let told = told();
    let honest = told.proof(0);
    told.tell("other-account");
    let other = told.proof(1);
    assert_eq!(other["address"], honest["address"]);
    assert_ne!(other["accountProof"], honest["accountProof"]);
    assert_eq!(other["nonce"], "0x3");
    told.tell("other-block");
    assert_eq!(told.proof(1)["storageProof"][0]["value"], "0xb");
    assert_eq!(number(&told.block(1)["number"]), 2);
    let by_hash = told.net.ask_at(1, "eth_getBlockByHash", json!([told.block(0)["hash"], false]));
    assert_eq!(by_hash["hash"], told.block(0)["parentHash"]);
    told.tell("wrong-chain-id");
    assert_eq!(told.net.ask_at(1, "eth_chainId", json!([])), "0x13f72");
    assert_eq!(told.net.ask_at(1, "net_version", json!([])), "81778");
}

#[test]
fn can_spoil_proofs() {
    let told = told();
    let honest = told.proof(0);
    let nodes = |proof: &Value| proof.as_array().expect("nodes").len();
    let (account, slot) = (nodes(&honest["accountProof"]), nodes(&honest["storageProof"][0]["proof"]));
    told.tell("missing-node");
    let proof = told.proof(1);
    assert_eq!(
        (nodes(&proof["accountProof"]), nodes(&proof["storageProof"][0]["proof"])),
        (account - 1, slot - 1)
    );
    told.tell("spare-node");
    let proof = told.proof(1);
    assert_eq!(
        (nodes(&proof["accountProof"]), nodes(&proof["storageProof"][0]["proof"])),
        (account + 1, slot + 1)
    );
    told.tell("absent-as-empty");
    let proof = told.proof(1);
    assert_eq!((nodes(&proof["accountProof"]), nodes(&proof["storageProof"][0]["proof"])), (0, 0));
    assert_eq!((&proof["nonce"], &proof["storageProof"][0]["value"]), (&json!("0x0"), &json!("0x0")));
    told.tell("wrong-proof");
    let proof = told.proof(1);
    assert_eq!(proof["storageProof"][0]["value"], "0xd");
    let leaf = &proof["storageProof"][0]["proof"][slot - 1];
    assert_ne!(keccak256(crate::harness::data(leaf)), hash(&honest["storageHash"]));
}

#[test]
fn can_be_slow() {
    let told = told();
    told.tell("slow");
    let before = std::time::Instant::now();
    call(&told.net.endpoints[1], "eth_chainId", json!([]));
    assert!(before.elapsed().as_secs() >= 5);
}
