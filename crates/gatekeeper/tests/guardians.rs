//! Guardians: a patient who has lost every key gets the records back, and whoever still has the former ones can object (P4).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use alloy_primitives::{Address, B256};
use client::{Approvals, Identity, JourneyError, Platform, ReadAsk};
use protocol::answer::RefusalCode;
use protocol::guardians::{Circle, KeyRequest, Kit};
use protocol::keys::SigningKey;
use protocol::request::Method;
use records::category::{Categories, Category};

use stack::{Stack, eventually, key, send, synced};

const DELAY: u64 = 60;

/// Two of three guardians watch over a patient with two addresses.
struct Guarded {
    stack: Stack,
    patient: SigningKey,
    viewer: SigningKey,
    guardians: [SigningKey; 3],
    kit: Kit,
}

impl Guarded {
    async fn start() -> Self {
        let stack = Stack::start();
        let browser = stack.browser();
        let patient = stack.patient(&browser, 1).await;
        let (viewer, guardians) = (key(20), [key(21), key(22), key(23)]);
        let circle =
            Circle::new(B256::repeat_byte(7), 2, guardians.iter().map(SigningKey::address).collect());
        let circle = circle.unwrap();
        let own = [Identity::from(&viewer), Identity::from(&patient)];
        let mut told = 0;
        browser.set_guardians(&own, &circle, DELAY, |progress| told = progress.done).await.unwrap();
        assert_eq!(told, 2);
        let network = browser.network().rules.chain_id;
        let kit = Kit { network, first: viewer.address(), circle };
        Self { stack, patient, viewer, guardians, kit }
    }

    fn own(&self) -> [Identity<'_>; 2] {
        [Identity::from(&self.viewer), Identity::from(&self.patient)]
    }

    fn request(&self, keys: &[&SigningKey]) -> KeyRequest {
        let keys = keys.iter().map(|key| key.address()).collect();
        KeyRequest { network: self.kit.network, first: self.kit.first, keys }
    }
}

#[tokio::test]
async fn who_has_lost_every_key_gets_the_records_back() {
    let guarded = Guarded::start().await;
    let Guarded { stack, patient, viewer, guardians: [anna, ben, carla], kit } = &guarded;
    let browser = stack.browser();
    let found = browser.guarded(&synced(&browser).await, kit).await.unwrap();
    let addresses: Vec<Address> = found.iter().map(|guarded| guarded.identity).collect();
    assert_eq!(addresses, [viewer.address(), patient.address()]);

    let (first, second) = (key(30), key(31));
    let new = [
        Identity { address: viewer.address(), key: &first },
        Identity { address: patient.address(), key: &second },
    ];
    let request = guarded.request(&[&first, &second]);
    browser.approve_keys(Identity::from(anna), kit, &request, |_| {}).await.unwrap();
    // Once more changes nothing, one is too few, and nobody else counts.
    browser.approve_keys(Identity::from(anna), kit, &request, |_| {}).await.unwrap();
    let error = browser.approve_keys(Identity::from(&key(40)), kit, &request, |_| {}).await.unwrap_err();
    assert_eq!(error, JourneyError::NotGuardian { found: key(40).address() }.into());
    let approvals = browser.key_approvals(&synced(&browser).await, kit, &request).await.unwrap();
    assert_eq!(approvals, Approvals { by: vec![anna.address()], ready_at: None, taken: false });
    let error = browser.take_approved_keys(&new, |_| {}).await.unwrap_err();
    assert_eq!(error, JourneyError::NotApproved { identity: viewer.address(), ready_at: None }.into());
    let one = guarded.request(&[&first]);
    let error = browser.approve_keys(Identity::from(ben), kit, &one, |_| {}).await.unwrap_err();
    assert_eq!(error, JourneyError::Keys { expected: 2, found: 1 }.into());

    browser.approve_keys(Identity::from(carla), kit, &request, |_| {}).await.unwrap();
    let head = synced(&browser).await;
    let approvals = browser.key_approvals(&head, kit, &request).await.unwrap();
    let ready_at = approvals.ready_at.unwrap();
    assert!(ready_at > head.header().timestamp());
    let error = browser.take_approved_keys(&new, |_| {}).await.unwrap_err();
    assert!(matches!(
        &*error.problem,
        client::Problem::Journey(JourneyError::NotApproved { ready_at: Some(_), .. })
    ));
    while synced(&browser).await.header().timestamp() < ready_at {
        browser.platform().sleep(1_000).await;
    }
    // Interrupted after the first one, it goes on.
    browser.take_approved_keys(&new[..1], |_| {}).await.unwrap();
    let approvals = browser.key_approvals(&synced(&browser).await, kit, &request).await.unwrap();
    assert_eq!((approvals.ready_at.is_some(), approvals.by.len(), approvals.taken), (true, 2, false));
    browser.approve_keys(Identity::from(ben), kit, &request, |_| {}).await.unwrap();
    browser.take_approved_keys(&new, |_| {}).await.unwrap();
    browser.take_approved_keys(&new, |_| {}).await.unwrap();
    let approvals = browser.key_approvals(&synced(&browser).await, kit, &request).await.unwrap();
    assert!(approvals.taken);

    // The records are those of before; the lost key, should somebody find it, is good for nothing.
    let ask = |key| ReadAsk {
        key,
        patient: patient.address(),
        steward: stack.steward,
        categories: Categories::ALL,
        via: None,
    };
    let reading = eventually("records with the new key", async || {
        browser.read_records(ask(&second), |_| {}).await.ok()
    });
    assert_eq!(reading.await.terms, None);
    let head = synced(&browser).await;
    let read = Method::ReadRecords { categories: Categories::NONE.with(Category::Allergies) };
    let (call, _) = stack.call(&head, patient.address(), read);
    let request = stack.sign(&browser, patient, &call.to_body());
    let refusal = stack.refusal_in(&request, &send(&browser, &request).await.unwrap()).unwrap();
    assert_eq!(refusal.code, RefusalCode::KeyReplaced);
    // The guardians watch on, for the new keys.
    assert_eq!(browser.guarded(&head, kit).await.unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_still_has_the_keys_objects_and_dismisses() {
    let guarded = Guarded::start().await;
    let Guarded { stack, patient, viewer, guardians: [anna, ben, _], kit } = &guarded;
    let browser = stack.browser();
    let request = guarded.request(&[&key(30), &key(31)]);
    for guardian in [anna, ben] {
        browser.approve_keys(Identity::from(guardian), kit, &request, |_| {}).await.unwrap();
    }
    let state = async || browser.key_approvals(&synced(&browser).await, kit, &request).await.unwrap();
    assert!(state().await.ready_at.is_some());
    browser.veto_keys(&guarded.own(), |_| {}).await.unwrap();
    assert_eq!(state().await, Approvals { by: Vec::new(), ready_at: None, taken: false });

    // A relationship that came later is guarded, too, once it is told so; a gap ends the way.
    let later = key(24);
    let own = [guarded.own().to_vec(), vec![Identity::from(&later)]].concat();
    browser.set_guardians(&own, &kit.circle, DELAY, |_| {}).await.unwrap();
    let found = async |kit: &Kit| browser.guarded(&synced(&browser).await, kit).await.map(|all| all.len());
    assert_eq!(found(kit).await, Ok(3));
    browser.dismiss_guardians(&[Identity::from(patient)], |_| {}).await.unwrap();
    assert_eq!(found(kit).await, Ok(1));
    browser.dismiss_guardians(&own, |_| {}).await.unwrap();
    let first = viewer.address();
    assert_eq!(found(kit).await, Err(JourneyError::NotGuarded { identity: first }.into()));
    let elsewhere = Kit { network: kit.network + 1, ..kit.clone() };
    let (expected, found_network) = (kit.network, kit.network + 1);
    let error = JourneyError::OtherNetwork { expected, found: found_network };
    assert_eq!(found(&elsewhere).await, Err(error.into()));
}
