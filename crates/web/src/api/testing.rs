//! What the tests of both classes need: a network that nobody serves, and the code of an error.

use alloy_primitives::{Address, B256};
use js_sys::Reflect;
use lightclient::{ChainRules, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint};
use protocol::{
    keys::SigningKey,
    network::{ContractRef, Network, Operators, network_id},
};

use crate::error::ErrorView;

pub(super) fn operator() -> SigningKey {
    SigningKey::from_bytes(&[7; 32]).unwrap()
}

pub(super) fn network_json() -> String {
    let genesis_hash = B256::repeat_byte(1);
    let contract =
        |byte| ContractRef { address: Address::repeat_byte(byte), code_hash: B256::repeat_byte(byte) };
    let network = Network {
        name: "Nowhere".to_owned(),
        rules: ChainRules {
            chain_id: 81_777,
            schedule: Schedule::constant(SealScheme::Qbft, 30_000, 1),
            trust: TrustThreshold::OneThird,
            trusting_period: 86_400,
            clock_drift: 5,
        },
        genesis_hash,
        checkpoint: TrustedCheckpoint { number: 0, hash: genesis_hash },
        checkpoint_validators: None,
        network_id: network_id(81_777, genesis_hash),
        registry: contract(2),
        relationships: contract(3),
        summary: contract(4),
        // Port 9 (discard) is one that browsers never connect to.
        endpoints: vec!["http://127.0.0.1:9".to_owned()],
        operators: Some(Operators::new(1, vec![operator().address()]).unwrap()),
        max_head_age: 600,
        demo: false,
    };
    network.to_json()
}

pub(super) fn code(error: ErrorView) -> String {
    Reflect::get(&error.into(), &"code".into()).unwrap().as_string().unwrap()
}
