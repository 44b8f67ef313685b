use super::*;
use crate::client::Client;
use crate::testing::{CONTRACT, Chain, LAST, Manner, NOBODY, TestPlatform, USER, synced};
use alloy_primitives::{U256, b256};

/// A present, an absent and a cleared slot of the recording, and the counter.
const SLOTS: [B256; 3] = [
    b256!("2e49a7376fe1978c07d2796e3a2981b03cdd24418c76ec322981b6670947f15c"),
    B256::ZERO,
    b256!("9cae57e6b4bd6d6ce1f980040cc7c92dd5f1d5e6e1ab2514ef5caca65080f728"),
];

async fn read(client: &Client<TestPlatform>, head: &Head) -> Result<Vec<U256>, ClientError> {
    let contract = client.network().registry;
    let state = client.state(head, &contract, &SLOTS).await?;
    assert_eq!(state.slots.iter().map(ProvenSlot::slot).collect::<Vec<_>>(), SLOTS);
    Ok(state.slots.iter().map(ProvenSlot::value).collect())
}

fn values() -> Vec<U256> {
    let present = b256!("a18f7a1b91e767bc060837b4ce191843d33c1de8d10fb91c99c7d4503a327109");
    vec![present.into(), U256::from(0x83), U256::ZERO]
}

#[tokio::test]
async fn proves_present_and_absent_slots_in_the_order_asked() {
    let (client, head) = synced(vec![Manner::Honest]).await;
    assert_eq!(read(&client, &head).await.unwrap(), values());
}

#[tokio::test]
async fn accepts_sorted_and_trimmed_answers_as_besu_gives_them() {
    let (client, head) = synced(vec![Manner::Besu]).await;
    assert_eq!(read(&client, &head).await.unwrap(), values());
}

#[tokio::test]
async fn proves_accounts_that_are_not_there_in_both_habits() {
    for manner in [Manner::Honest, Manner::Besu] {
        let (client, head) = synced(vec![manner]).await;
        let account = client.account(&head, NOBODY).await.unwrap();
        assert_eq!((account.exists(), account.nonce()), (false, 0));
        let state = client.prove(head.header(), NOBODY, &[B256::ZERO], &AtomicU64::new(0)).await.unwrap();
        assert_eq!(state.slots[0].value(), U256::ZERO);
    }
}

#[tokio::test]
async fn proves_the_nonce_of_an_account() {
    let (client, head) = synced(vec![Manner::Honest]).await;
    let account = client.account(&head, USER).await.unwrap();
    assert!(account.exists() && account.nonce() > 0);
}

#[tokio::test]
async fn proves_a_slot_asked_for_twice() {
    let (client, head) = synced(vec![Manner::Honest]).await;
    let contract = client.network().registry;
    let state = client.state(&head, &contract, &[B256::ZERO, B256::ZERO]).await.unwrap();
    assert_eq!(state.slots.iter().map(ProvenSlot::value).collect::<Vec<_>>(), vec![U256::from(0x83); 2]);
}

#[tokio::test]
async fn each_false_proof_has_its_own_error_and_the_next_endpoint_is_asked() {
    let cases = [
        (Manner::OtherAccount(USER), "proof/node-mismatch"),
        (Manner::OtherBlock(136), "proof/root-mismatch"),
        (Manner::ChangedNode, "proof/node-mismatch"),
        (Manner::MissingNode, "proof/incomplete"),
        (Manner::SpareNode, "proof/spare-nodes"),
        (Manner::MissingSlot, "proof/slot-missing"),
        (Manner::SpareSlot, "proof/slot-spare"),
        (Manner::NoSlots, "proof/slot-missing"),
        (Manner::Body("<html>"), "rpc/not-json"),
        (Manner::SwapsIds, "rpc/malformed"),
        (Manner::TooLarge, "network/answer-too-large"),
    ];
    for (manner, code) in cases {
        let (alone, head) = synced(vec![manner.clone()]).await;
        let error = read(&alone, &head).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.fault()), (code, Fault::Peer), "{manner:?}");
        assert_eq!(error.endpoint.as_deref(), Some("http://0"), "{manner:?}");

        let (client, head) = synced(vec![manner.clone(), Manner::Honest]).await;
        assert_eq!(read(&client, &head).await.unwrap(), values(), "{manner:?}");
        // The liar is asked last from now on, and the next report names it.
        assert_eq!(client.reading_order(LAST), vec![1, 0], "{manner:?}");
        client.platform().set_manner(0, Manner::Honest);
        let report = client.sync().await.unwrap();
        assert_eq!(
            report.endpoints[0].state.clone().error().map(|error| error.code()),
            Some(code.to_owned())
        );
    }
}

#[tokio::test]
async fn an_endpoint_without_the_state_is_no_liar() {
    let (client, head) = synced(vec![Manner::Refuses, Manner::Honest]).await;
    assert_eq!(read(&client, &head).await.unwrap(), values());
    let report = client.sync().await.unwrap();
    assert!(matches!(report.endpoints[0].state, crate::sync::EndpointState::Unreachable(_)));
    let (alone, head) = synced(vec![Manner::Refuses]).await;
    assert_eq!(read(&alone, &head).await.unwrap_err().code(), "network/unreachable");
}

#[tokio::test]
async fn forgives_a_false_proof_after_a_while() {
    let (client, head) = synced(vec![Manner::ChangedNode, Manner::Honest]).await;
    read(&client, &head).await.unwrap();
    let time = client.platform().chain.header(LAST).timestamp;
    client.platform().set_now(time + 60);
    assert_eq!(client.reading_order(LAST), vec![0, 1]);
}

#[tokio::test]
async fn refuses_an_address_without_the_expected_contract() {
    let (client, head) = synced(vec![Manner::Honest]).await;
    let nobody = ContractRef { address: NOBODY, code_hash: B256::ZERO };
    let error = StateError::NoContract { address: NOBODY, number: LAST };
    assert_eq!(client.state(&head, &nobody, &[]).await.unwrap_err(), error.into());
    let other = ContractRef { address: CONTRACT, code_hash: B256::ZERO };
    let expected = B256::ZERO;
    let found = client.network().registry.code_hash;
    let error = StateError::CodeHash { address: CONTRACT, number: LAST, expected, found };
    assert_eq!(client.state(&head, &other, &[]).await.unwrap_err(), error.into());
}

#[tokio::test]
async fn asks_for_many_slots_in_few_requests() {
    let (client, head) = synced(vec![Manner::Honest]).await;
    let recorded = Chain::recorded();
    let slots: Vec<B256> = recorded.recorded_slots();
    client.platform().asked.lock().unwrap().clear();
    let requests = AtomicU64::new(0);
    let state = client.prove(head.header(), CONTRACT, &slots, &requests).await.unwrap();
    assert_eq!((state.slots.len(), requests.into_inner()), (slots.len(), 1));
}
