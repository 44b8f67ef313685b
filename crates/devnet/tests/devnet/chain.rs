//! Blocks, transactions, state and proofs.

use alloy_consensus::{Eip658Value, Receipt, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use alloy_trie::proof::verify_proof;
use alloy_trie::root::ordered_trie_root_with_encoder;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount};
use devnet::{Devnet, DevnetError};
use serde_json::{Value, json};

use crate::check::check;
use crate::harness::{
    Account, CHAIN_ID, GAS, GENESIS_TIME, MORTAL, Net, WRITER, address, creation, data, hash, number,
    options, words,
};

/// Verifies an answer of `eth_getProof` against a state root with `alloy-trie`.
fn assert_proven(root: B256, proof: &Value) {
    let nodes = |list: &Value| list.as_array().expect("nodes").iter().map(data).collect::<Vec<Bytes>>();
    let account = TrieAccount {
        nonce: number(&proof["nonce"]),
        balance: proof["balance"].as_str().expect("hex").parse().expect("a balance"),
        storage_root: hash(&proof["storageHash"]),
        code_hash: hash(&proof["codeHash"]),
    };
    let expected = (account != TrieAccount::default()).then(|| alloy_rlp::encode(account));
    let key = Nibbles::unpack(keccak256(address(&proof["address"])));
    assert_eq!(verify_proof(root, key, expected, &nodes(&proof["accountProof"])), Ok(()));
    for slot in proof["storageProof"].as_array().expect("slots") {
        let value: U256 = slot["value"].as_str().expect("hex").parse().expect("a value");
        let expected = (!value.is_zero()).then(|| alloy_rlp::encode(value));
        let key = Nibbles::unpack(keccak256(hash(&slot["key"])));
        assert_eq!(verify_proof(account.storage_root, key, expected, &nodes(&slot["proof"])), Ok(()));
    }
}

fn slot(position: u64) -> B256 {
    U256::from(position).into()
}

fn prove(net: &Net, contract: Address, slots: &[u64], block: Value) -> Value {
    let slots: Vec<B256> = slots.iter().map(|position| slot(*position)).collect();
    net.ask("eth_getProof", json!([contract, slots, block]))
}

fn state_root(net: &Net, block: Value) -> B256 {
    hash(&net.ask("eth_getBlockByNumber", json!([block, false]))["stateRoot"])
}

#[test]
fn starts_with_a_genesis_block_of_four_validators() {
    let net = Net::start();
    let genesis = net.ask("eth_getBlockByNumber", json!(["0x0", false]));
    let sealed = check(&genesis).expect("the hash fits");
    assert_eq!(sealed.extra.validators.len(), 4);
    assert_eq!((sealed.extra.round, sealed.signers.len()), (0, 0));
    assert_eq!(json!(sealed.extra.validators), net.ask("istanbul_getValidators", json!([])));
    assert_eq!(number(&genesis["timestamp"]), GENESIS_TIME);
    let ready: Value = serde_json::from_str(&net.devnet().ready_line()).expect("JSON");
    assert_eq!(ready["genesisHash"], genesis["hash"]);
    assert_eq!(ready["endpoints"], json!(net.endpoints));
    assert_eq!(ready["chainId"], CHAIN_ID);
    assert_eq!(net.ask("eth_chainId", json!([])), "0x13f71");
    assert_eq!(net.ask("net_version", json!([])), "81777");
}

#[test]
fn seals_blocks_whose_seals_recover_to_the_validators() {
    let mut net = Net::start();
    let mut parent = net.ask("eth_getBlockByNumber", json!(["latest", false]));
    for expected in 1..=51 {
        assert_eq!(net.seal(), expected);
        let blocks: Vec<Value> = (0..3)
            .map(|endpoint| net.ask_at(endpoint, "eth_getBlockByNumber", json!(["latest", false])))
            .collect();
        let sealed: Vec<_> = blocks.iter().map(|block| check(block).expect("properly sealed")).collect();
        assert_eq!(sealed.iter().map(|sealed| sealed.signers.len()).collect::<Vec<_>>(), [4, 3, 3]);
        assert_ne!(sealed[1].signers, sealed[2].signers);
        assert!(blocks.iter().all(|block| block["hash"] == blocks[0]["hash"]));

        let block = &blocks[0];
        let round = u32::from(expected == 50);
        assert_eq!(sealed[0].extra.round, round);
        let validators = &sealed[0].extra.validators;
        let place = |value: &Value| validators.iter().position(|validator| *validator == address(value));
        let turn = place(&parent["miner"]).map_or(0, |place| place + 1) + round as usize;
        assert_eq!(place(&block["miner"]), Some(turn % 4));
        assert_eq!(block["parentHash"], parent["hash"]);
        assert_eq!(number(&block["timestamp"]), GENESIS_TIME + expected);
        parent = block.clone();
    }
    let by_hash = net.ask("eth_getBlockByHash", json!([parent["hash"], false]));
    assert_eq!(by_hash, parent);
}

#[test]
fn seals_nothing_before_a_period_has_passed() {
    let net = Net::start();
    let chain = net.devnet().chain();
    assert_eq!(chain.next_due(), GENESIS_TIME + 1);
    assert_eq!(chain.seal_next(GENESIS_TIME).expect("nothing to write"), None);
    assert_eq!(chain.seal_next(GENESIS_TIME + 90).expect("written"), Some(1));
    assert_eq!(chain.seal_next(GENESIS_TIME + 90).expect("nothing to write"), None);
    assert_eq!(chain.seal_next(GENESIS_TIME + 5).expect("nothing to write"), None);
}

#[test]
fn proves_what_a_contract_stores_and_what_it_does_not() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, WRITER);
    for position in 0..40 {
        net.transact(&mut account, Some(contract), words(position, 1000 + position));
    }
    net.transact(&mut account, Some(contract), words(7, 0));
    let root = state_root(&net, json!("latest"));
    let proof = prove(&net, contract, &[0, 7, 39, 500], json!("latest"));
    assert_proven(root, &proof);
    let values: Vec<&Value> =
        proof["storageProof"].as_array().expect("slots").iter().map(|slot| &slot["value"]).collect();
    assert_eq!(values, [&json!("0x3e8"), &json!("0x0"), &json!("0x40f"), &json!("0x0")]);
    assert_proven(root, &prove(&net, account.address(), &[], json!("latest")));
    assert_proven(root, &prove(&net, Address::repeat_byte(9), &[3], json!("latest")));
    assert_eq!(net.ask("eth_getStorageAt", json!([contract, "0x27", "latest"])), json!(slot(1039)));
    assert_eq!(net.ask("eth_getCode", json!([contract, "latest"])), format!("0x{WRITER}"));
    assert_eq!(net.ask("eth_getBalance", json!([contract, "latest"])), "0x0");
}

#[test]
fn answers_for_recent_states_and_no_others() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, WRITER);
    net.transact(&mut account, Some(contract), words(1, 11));
    net.transact(&mut account, Some(contract), words(1, 22));
    for (block, value) in [("0x1", "0x0"), ("0x2", "0xb"), ("0x3", "0x16")] {
        let proof = prove(&net, contract, &[1], json!(block));
        assert_eq!(proof["storageProof"][0]["value"], value);
        assert_proven(state_root(&net, json!(block)), &proof);
    }
    while net.seal() < 514 {}
    assert_eq!(prove(&net, contract, &[1], json!("0x3"))["storageProof"][0]["value"], "0x16");
    let gone = "missing trie node: the state of block 2 is not kept, only the last 512 are".to_owned();
    assert_eq!(net.fail("eth_getProof", json!([contract, [], "0x2"])), (-32000, gone));
    assert_eq!(
        net.fail("eth_getProof", json!([contract, [], "0x203"])),
        (-32000, "header not found".to_owned())
    );
    assert_eq!(number(&net.ask("eth_getBlockByNumber", json!(["0x2", false]))["number"]), 2);
}

#[test]
fn serves_receipts_and_transactions_that_fit_the_roots() {
    let (mut net, mut account, mut other) = (Net::start(), Account::new(1), Account::new(2));
    let contract = net.deploy(&mut account, WRITER);
    let raw = [
        account.sign(Some(contract), words(1, 2)),
        other.sign(Some(contract), words(3, 4)),
        account.sign(Some(contract), Bytes::new()),
    ];
    for raw in &raw {
        net.ask("eth_sendRawTransaction", json!([raw]));
    }
    assert_eq!(net.ask("eth_getTransactionCount", json!([account.address(), "latest"])), "0x1");
    assert_eq!(net.ask("eth_getTransactionCount", json!([account.address(), "pending"])), "0x3");
    let waiting = net.ask("eth_getTransactionByHash", json!([keccak256(&raw[0])]));
    assert_eq!((&waiting["blockNumber"], &waiting["transactionIndex"]), (&Value::Null, &Value::Null));
    net.seal();

    let block = net.ask("eth_getBlockByNumber", json!(["latest", true]));
    let hashes: Vec<&Value> =
        block["transactions"].as_array().expect("a list").iter().map(|tx| &tx["hash"]).collect();
    assert_eq!(json!(hashes), json!(raw.iter().map(keccak256).collect::<Vec<_>>()));
    let expected = ordered_trie_root_with_encoder(&raw, |raw, out| alloy_rlp::BufMut::put_slice(out, raw));
    assert_eq!(hash(&block["transactionsRoot"]), expected);

    let receipts = net.ask("eth_getBlockReceipts", json!(["latest"]));
    let receipts = receipts.as_array().expect("a list");
    let rebuilt: Vec<_> = receipts
        .iter()
        .map(|receipt| {
            let log = |log: &Value| {
                let topics = log["topics"].as_array().expect("topics").iter().map(hash).collect();
                Log::new_unchecked(address(&log["address"]), topics, data(&log["data"]))
            };
            let logs = receipt["logs"].as_array().expect("logs").iter().map(log).collect();
            let status = Eip658Value::Eip658(receipt["status"] == "0x1");
            Receipt { status, cumulative_gas_used: number(&receipt["cumulativeGasUsed"]), logs }.with_bloom()
        })
        .collect();
    let expected =
        ordered_trie_root_with_encoder(&rebuilt, |receipt, out| alloy_rlp::Encodable::encode(receipt, out));
    assert_eq!(hash(&block["receiptsRoot"]), expected);
    let status: Vec<&Value> = receipts.iter().map(|receipt| &receipt["status"]).collect();
    assert_eq!(status, ["0x1", "0x1", "0x0"]);
    assert_eq!(receipts[1]["logs"][0]["logIndex"], "0x1");
    assert_eq!(receipts[2]["cumulativeGasUsed"], block["gasUsed"]);
    for (receipt, raw) in receipts.iter().zip(&raw) {
        assert_eq!(&net.ask("eth_getTransactionReceipt", json!([keccak256(raw)])), receipt);
    }
    check(&block).expect("properly sealed");
}

#[test]
fn finds_logs_by_address_topic_and_range() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let (first, second) = (net.deploy(&mut account, WRITER), net.deploy(&mut account, WRITER));
    net.transact(&mut account, Some(first), words(1, 10));
    net.transact(&mut account, Some(second), words(1, 20));
    let block = net.transact(&mut account, Some(first), words(2, 30))["blockHash"].clone();
    let values = |filter: Value| -> Vec<u64> {
        let logs = net.ask("eth_getLogs", json!([filter]));
        logs.as_array()
            .expect("logs")
            .iter()
            .map(|log| U256::from_be_slice(&data(&log["data"])).to::<u64>())
            .collect()
    };
    assert_eq!(values(json!({ "fromBlock": "earliest" })), [10, 20, 30]);
    assert_eq!(values(json!({ "fromBlock": "0x0", "toBlock": "0x4", "address": [first, second] })), [10, 20]);
    assert_eq!(values(json!({ "fromBlock": "0x0", "toBlock": "0xffff", "address": first })), [10, 30]);
    assert_eq!(values(json!({ "fromBlock": "0x0", "topics": [slot(1)] })), [10, 20]);
    assert_eq!(values(json!({ "fromBlock": "0x0", "topics": [[slot(2), slot(3)]] })), [30]);
    assert_eq!(values(json!({ "fromBlock": "0x0", "topics": [null, slot(1)] })), [0; 0]);
    assert_eq!(values(json!({ "blockHash": block })), [30]);
    assert_eq!(values(json!({})), [30]);
}

#[test]
fn calls_and_estimates_as_the_block_would_run_them() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, WRITER);
    let call = json!({ "to": contract, "data": words(1, 5) });
    assert_eq!(net.ask("eth_call", json!([call, "latest"])), json!(slot(5)));
    assert_eq!(net.ask("eth_call", json!([{ "to": Address::ZERO }, "latest"])), "0x");
    assert_eq!(
        net.fail("eth_call", json!([{ "to": contract }, "latest"])),
        (3, "execution reverted".to_owned())
    );
    assert_eq!(
        net.fail("eth_estimateGas", json!([{ "to": contract }])),
        (3, "execution reverted".to_owned())
    );

    let enough = number(&net.ask("eth_estimateGas", json!([call])));
    let mut send = |gas_limit| {
        let transaction = TxLegacy {
            chain_id: Some(CHAIN_ID),
            nonce: account.nonce,
            gas_limit,
            to: TxKind::Call(contract),
            input: words(1, 5),
            ..TxLegacy::default()
        };
        account.nonce += 1;
        let hash = net.ask("eth_sendRawTransaction", json!([account.sign_exactly(transaction)]));
        net.seal();
        net.ask("eth_getTransactionReceipt", json!([hash]))["status"].clone()
    };
    assert_eq!(send(enough - 1), "0x0");
    assert_eq!(send(enough), "0x1");
}

#[test]
fn runs_each_senders_transactions_in_the_order_of_their_nonces() {
    let (mut net, mut account, mut other) = (Net::start(), Account::new(1), Account::new(2));
    let contract = net.deploy(&mut account, WRITER);
    let mut raw: Vec<Bytes> = (10..14).map(|value| account.sign(Some(contract), words(1, value))).collect();
    let late = raw.remove(2);
    raw.reverse();
    raw.push(other.sign(Some(contract), words(2, 99)));
    for raw in &raw {
        net.ask("eth_sendRawTransaction", json!([raw]));
    }
    net.seal();
    assert_eq!(net.ask("eth_getTransactionCount", json!([account.address(), "latest"])), "0x3");
    assert_eq!(net.ask("eth_getStorageAt", json!([contract, "0x1", "latest"])), json!(slot(11)));
    assert_eq!(net.ask("eth_getStorageAt", json!([contract, "0x2", "latest"])), json!(slot(99)));
    net.ask("eth_sendRawTransaction", json!([late]));
    net.seal();
    assert_eq!(net.ask("eth_getStorageAt", json!([contract, "0x1", "latest"])), json!(slot(13)));
}

#[test]
fn refuses_transactions_that_could_never_be_sealed() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let used = account.sign(None, creation(WRITER));
    net.ask("eth_sendRawTransaction", json!([used]));
    let known = format!("already known: {}", keccak256(&used));
    assert_eq!(net.fail("eth_sendRawTransaction", json!([used])), (-32000, known));
    net.seal();
    let good = TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce: 1,
        gas_limit: GAS,
        to: TxKind::Call(Address::ZERO),
        ..TxLegacy::default()
    };
    let trailing = [account.sign_exactly(good.clone()).to_vec(), vec![0]].concat();
    let cases: [(Bytes, &str); 12] = [
        (account.sign_with_high_s(good.clone()), "invalid signature: s is in the upper half"),
        (used, "nonce too low: 0, expected at least 1"),
        (
            account.sign_exactly(TxLegacy { nonce: 900, ..good.clone() }),
            "nonce too high: 900, expected at most 257",
        ),
        (account.sign_exactly(TxLegacy { chain_id: Some(1), ..good.clone() }), "chain id 1, expected 81777"),
        (
            account.sign_exactly(TxLegacy { chain_id: None, ..good.clone() }),
            "no chain id: only replay-protected (EIP-155) transactions are taken",
        ),
        (
            account.sign_exactly(TxLegacy { gas_limit: 30_000_001, ..good.clone() }),
            "gas limit 30000001 exceeds the block's, 30000000",
        ),
        (
            account.sign_exactly(TxLegacy { gas_limit: 20_999, ..good.clone() }),
            "gas limit 20999, expected at least 21000 for its data",
        ),
        (
            account.sign_exactly(TxLegacy { value: U256::from(5), ..good.clone() }),
            "cost 5 exceeds the sender's balance, 0",
        ),
        (trailing.into(), "1 bytes behind the transaction"),
        (
            Bytes::from_static(&[2, 0xc0]),
            "transaction type 0x02 not supported, only legacy transactions with a chain id (EIP-155) are",
        ),
        (Bytes::new(), "not a signed legacy transaction: input too short"),
        (vec![0xff; 131_073].into(), "131073 bytes, expected at most 131072"),
    ];
    for (raw, message) in cases {
        assert_eq!(net.fail("eth_sendRawTransaction", json!([raw])), (-32000, message.to_owned()));
    }
    let waiting = account.sign_exactly(good.clone());
    net.ask("eth_sendRawTransaction", json!([waiting]));
    let rival = account.sign_exactly(TxLegacy { gas_limit: GAS + 1, ..good });
    let taken = format!(
        "nonce 1 of {} is taken by the waiting transaction {}",
        account.address(),
        keccak256(&waiting)
    );
    assert_eq!(net.fail("eth_sendRawTransaction", json!([rival])), (-32000, taken));
}

#[test]
fn forgets_a_contract_that_destroys_itself_but_not_its_past() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, MORTAL);
    net.transact(&mut account, Some(contract), Bytes::from_static(&[1]));
    net.transact(&mut account, Some(contract), Bytes::new());
    let mut net = net.restart();
    net.seal();
    assert_eq!(net.ask("eth_getCode", json!([contract, "latest"])), "0x");
    for (block, value) in [("0x0", "0x0"), ("0x1", "0x0"), ("0x2", "0x1"), ("0x3", "0x0"), ("0x4", "0x0")] {
        let proof = prove(&net, contract, &[0], json!(block));
        assert_eq!(proof["storageProof"][0]["value"], value, "block {block}");
        assert_proven(state_root(&net, json!(block)), &proof);
    }
}

#[test]
fn goes_on_with_the_same_chain_after_a_restart() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, WRITER);
    for value in 1..=5 {
        net.transact(&mut account, Some(contract), words(value % 2, value));
        net.seal();
    }
    let everything = |net: &Net| -> Vec<Value> {
        (0..=11)
            .flat_map(|number| {
                let block = format!("{number:#x}");
                [
                    net.ask("eth_getBlockByNumber", json!([block, true])),
                    net.ask("eth_getBlockReceipts", json!([block])),
                    prove(net, contract, &[0, 1], json!(block)),
                ]
            })
            .collect()
    };
    let before = everything(&net);
    let mut net = net.restart();
    assert_eq!(everything(&net), before);
    net.transact(&mut account, Some(contract), words(0, 77));
    let head = net.ask("eth_getBlockByNumber", json!(["latest", false]));
    check(&head).expect("properly sealed");
    assert_eq!((number(&head["number"]), &head["parentHash"]), (12, &before[33]["hash"]));
    assert_proven(hash(&head["stateRoot"]), &prove(&net, contract, &[0, 1], json!("latest")));
}

#[test]
fn refuses_a_folder_that_is_in_use_or_holds_another_chain() {
    let net = Net::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let start =
        |options| runtime.block_on(Devnet::start(options)).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(start(options(net.folder())), Err("the state folder: database is locked".to_owned()));
    let folder = crate::harness::Folder::new();
    runtime.block_on(async { Devnet::start(options(folder.path())).await.expect("it starts").stop().await });
    let mut other = options(folder.path());
    other.rules.chain_id = 5;
    assert_eq!(start(other), Err("the state folder holds chain 81777, expected 5".to_owned()));
}

#[test]
fn refuses_a_state_that_does_not_have_the_root_of_the_newest_header() {
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, WRITER);
    net.transact(&mut account, Some(contract), words(1, 2));
    let folder = net.stop();
    let file = rusqlite::Connection::open(folder.path().join("chain.sqlite")).expect("it opens");
    file.execute("UPDATE accounts SET nonce = nonce + 1", []).expect("it is written");
    drop(file);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let error = runtime.block_on(Devnet::start(options(folder.path()))).expect_err("the state is false");
    assert!(error.to_string().starts_with("the state in the folder has root 0x"), "{error}");
}

#[test]
fn listens_on_loopback_only() {
    let folder = crate::harness::Folder::new();
    let mut options = options(folder.path());
    options.listen.push("0.0.0.0:0".parse().expect("an address"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let error = runtime.block_on(Devnet::start(options)).expect_err("others could reach it");
    assert!(matches!(error, DevnetError::NotLoopback(address) if address.ip().is_unspecified()));
}

#[test]
fn starts_from_an_empty_state() {
    let net = Net::start();
    assert_eq!(state_root(&net, json!("latest")), EMPTY_ROOT_HASH);
    assert_proven(EMPTY_ROOT_HASH, &prove(&net, Address::ZERO, &[1], json!("latest")));
}
