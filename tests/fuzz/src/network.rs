//! The network description: what is read is written and read again as the same.

use alloy_primitives::{Address, B256};
use lightclient::TrustedCheckpoint;
use protocol::network::{ContractRef, Network, NetworkError, network_id};

use crate::recorded::Chain;

/// Input: the file. A network id that is wrong is made right first, since no fuzzer finds the hash.
pub(crate) fn network(data: &[u8]) {
    let parsed = match Network::parse(data) {
        Err(NetworkError::NetworkId { expected, found }) => {
            let mended = String::from_utf8_lossy(data).replace(&found.to_string(), &expected.to_string());
            Network::parse(mended.as_bytes())
        }
        parsed => parsed,
    };
    let Ok(network) = parsed else { return };
    assert_eq!(network.network_id, network_id(network.rules.chain_id, network.genesis_hash));
    assert!(!network.endpoints.is_empty(), "accepted a network that nobody can ask");
    let written = network.to_json();
    let again = Network::parse(written.as_bytes()).expect("what we write we read");
    assert_eq!(again, network, "read again, the network is another one");
    assert_eq!(again.to_json(), written);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let chain = Chain::qbft();
    let genesis_hash = chain.headers[0].hash();
    let contract =
        |byte| ContractRef { address: Address::repeat_byte(byte), code_hash: B256::repeat_byte(7) };
    let with_checkpoint = |number: usize| Network {
        name: "Recorded".into(),
        rules: chain.rules.clone(),
        genesis_hash,
        checkpoint: TrustedCheckpoint {
            number: chain.headers[number].number(),
            hash: chain.headers[number].hash(),
        },
        checkpoint_validators: None,
        network_id: network_id(chain.rules.chain_id, genesis_hash),
        registry: contract(0xa1),
        relationships: contract(0xb2),
        summary: contract(0xc3),
        endpoints: vec!["http://127.0.0.1:18545".into(), "https://rpc.example.org/path".into()],
        operators: None,
        max_head_age: 30,
        demo: number == 0,
    };
    [0, 160].map(|number| with_checkpoint(number).to_json().into_bytes()).to_vec()
}
