//! The exported class as JavaScript uses it, without a network: the vault's life, and arguments that are refused.

use alloy_primitives::{Address, B256};
use js_sys::{Array, Function, JSON, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;
use crate::{
    api::testing::{code, network_json},
    vault::{StoredRelationship, StoredViewer},
};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const PHRASE: &[u8] =
    b"abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

async fn open() -> Medrec {
    let medrec = Medrec::open(&network_json()).await.unwrap();
    medrec.erase_vault().await.unwrap();
    medrec
}

fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn ignore_progress() -> Function {
    Function::new_no_args("")
}

#[wasm_bindgen_test]
async fn refuses_a_malformed_network_description() {
    assert_eq!(code(Medrec::open("{}").await.unwrap_err()), "network/description");
    let other_id = network_json().replace("81777", "81778");
    assert_eq!(code(Medrec::open(&other_id).await.unwrap_err()), "network/description");
}

#[wasm_bindgen_test]
async fn creates_locks_and_unlocks() {
    let medrec = open().await;
    assert_eq!(medrec.vault_state().await.unwrap(), "none");
    assert_eq!(code(medrec.unlock(&[1; 32]).await.unwrap_err()), "vault/none");
    assert_eq!(code(medrec.person().unwrap_err()), "vault/locked");

    let parameters = medrec.new_password_parameters().unwrap();
    let phrase = medrec.create_vault(parameters, &[1; 32], "en").await.unwrap();
    assert!(phrase.split(' ').count() == 12 && phrase.is_ascii());
    assert_eq!(medrec.vault_state().await.unwrap(), "unlocked");
    let person = JSON::stringify(&medrec.person().unwrap()).unwrap();

    medrec.lock();
    assert_eq!(medrec.vault_state().await.unwrap(), "locked");
    assert_eq!(code(medrec.unlock(&[2; 32]).await.unwrap_err()), "vault/wrong-password");
    medrec.unlock(&[1; 32]).await.unwrap();
    assert_eq!(JSON::stringify(&medrec.person().unwrap()).unwrap(), person);

    let parameters = medrec.new_password_parameters().unwrap();
    assert_eq!(code(medrec.create_vault(parameters, &[1; 32], "en").await.unwrap_err()), "vault/exists");
    medrec.erase_vault().await.unwrap();
    assert_eq!(medrec.vault_state().await.unwrap(), "none");
}

#[wasm_bindgen_test]
async fn writes_the_phrase_in_chinese_where_asked_to() {
    let medrec = open().await;
    let parameters = || medrec.new_password_parameters().unwrap();
    let refused = medrec.create_vault(parameters(), &[1; 32], "fr").await.unwrap_err();
    assert_eq!(code(refused), "call/argument");
    let phrase = medrec.create_vault(parameters(), &[1; 32], "zh").await.unwrap();
    assert!(phrase.split(' ').count() == 12 && phrase.chars().count() == 23, "one character a word");
    medrec.check_phrase(phrase.as_bytes()).unwrap();
    medrec.check_phrase(phrase.replace(' ', "").as_bytes()).unwrap();
}

#[wasm_bindgen_test]
async fn makes_no_vault_of_a_phrase_that_it_cannot_look_up() {
    let medrec = open().await;
    let parameters = medrec.new_password_parameters().unwrap();
    let restored = medrec.restore_vault(PHRASE, parameters, &[1; 32], &ignore_progress()).await;
    assert_eq!(code(restored.unwrap_err()), "network/unreachable");
    assert_eq!(medrec.vault_state().await.unwrap(), "none");
}

#[wasm_bindgen_test]
async fn refuses_a_phrase_with_a_wrong_word() {
    let medrec = open().await;
    medrec.check_phrase(PHRASE).unwrap();
    assert_eq!(code(medrec.check_phrase(b"abandon about").unwrap_err()), "phrase/word-count");
    let unknown = [&PHRASE[..PHRASE.len() - 5], b"abuot"].concat();
    assert_eq!(code(medrec.check_phrase(&unknown).unwrap_err()), "phrase/unknown-word");
    let swapped = [&PHRASE[..PHRASE.len() - 5], b"above"].concat();
    assert_eq!(code(medrec.check_phrase(&swapped).unwrap_err()), "phrase/checksum");
    assert_eq!(code(medrec.check_phrase(&[0xff; 20]).unwrap_err()), "call/argument");
}

#[wasm_bindgen_test]
async fn derives_with_the_parameters_it_gave_out() {
    let medrec = open().await;
    let parameters = medrec.new_password_parameters().unwrap();
    let key = derive_password_key(b"password", parameters.clone()).unwrap();
    medrec.create_vault(parameters, &key, "en").await.unwrap();
    medrec.lock();
    let again = derive_password_key(b"password", field(&medrec.ways().await.unwrap(), "password")).unwrap();
    assert_eq!(again, key);
    medrec.unlock(&again).await.unwrap();
}

#[wasm_bindgen_test]
async fn refuses_weak_and_foreign_password_parameters() {
    let medrec = open().await;
    let weak = medrec.new_password_parameters().unwrap();
    Reflect::set(&weak, &"memoryKib".into(), &8.into()).unwrap();
    assert_eq!(code(derive_password_key(b"password", weak.clone()).unwrap_err()), "vault/parameter");
    assert_eq!(code(medrec.create_vault(weak, &[1; 32], "en").await.unwrap_err()), "vault/parameter");
    let foreign = medrec.new_password_parameters().unwrap();
    Reflect::set(&foreign, &"algorithm".into(), &"pbkdf2".into()).unwrap();
    assert_eq!(code(derive_password_key(b"password", foreign).unwrap_err()), "call/argument");
    let parameters = medrec.new_password_parameters().unwrap();
    assert_eq!(code(medrec.create_vault(parameters, &[1; 31], "en").await.unwrap_err()), "call/argument");
    assert_eq!(medrec.vault_state().await.unwrap(), "none");
}

#[wasm_bindgen_test]
async fn tells_the_viewer_card() {
    let medrec = open().await;
    medrec.create_vault(medrec.new_password_parameters().unwrap(), &[1; 32], "en").await.unwrap();
    let person = medrec.person().unwrap();
    let address = field(&person, "viewerAddress").as_string().unwrap();
    assert_eq!(field(&person, "viewerCard").as_string().unwrap(), format!("medrec:viewer:81777:{address}"));
}

#[wasm_bindgen_test]
async fn refuses_what_it_cannot_do_without_asking_anybody() {
    let medrec = open().await;
    medrec.create_vault(medrec.new_password_parameters().unwrap(), &[1; 32], "en").await.unwrap();
    let progress = ignore_progress();
    assert_eq!(code(medrec.invitation("no invitation").await.unwrap_err()), "invitation/malformed");
    assert_eq!(code(medrec.records("0x1:0x2", &progress).await.unwrap_err()), "relationship/not-own");
    assert_eq!(code(medrec.shared_records("0x1", "0x2", &progress).await.unwrap_err()), "call/argument");
    assert_eq!(code(medrec.name_viewer("medrec:viewer:1:0x", "x").await.unwrap_err()), "viewer/malformed");
    let elsewhere = format!("medrec:viewer:1:{}", Address::repeat_byte(5));
    assert_eq!(code(medrec.name_viewer(&elsewhere, "x").await.unwrap_err()), "viewer/other-network");
}

#[wasm_bindgen_test]
async fn grants_nothing_that_was_not_confirmed_and_each_confirmation_once() {
    let medrec = open().await;
    medrec.create_vault(medrec.new_password_parameters().unwrap(), &[1; 32], "en").await.unwrap();
    let (network, steward) = (medrec.client.network().network_id, Address::repeat_byte(6));
    let stored = StoredRelationship { network, index: 1, steward };
    let session = medrec.session().unwrap();
    session.update(&medrec.storage, |contents| contents.relationships.push(stored)).await.unwrap();
    let patient = session
        .seeds()
        .current
        .derive_identity(medrec.client.network().rules.chain_id, 1)
        .unwrap()
        .sign
        .address();
    let (relationship, viewer) = (format!("{patient}:{steward}"), Address::repeat_byte(5).to_string());
    let grant = async || {
        let categories = vec!["allergies".to_owned()];
        code(medrec.grant(&relationship, &viewer, categories, None, &ignore_progress()).await.unwrap_err())
    };
    assert_eq!(grant().await, "vault/unconfirmed");
    medrec.confirm_with_password(&[1; 32]).await.unwrap();
    assert_eq!(code(medrec.confirm_with_password(&[2; 32]).await.unwrap_err()), "vault/wrong-password");
    assert_eq!(grant().await, "vault/unconfirmed");
    assert_eq!(code(medrec.confirm_with_passkey(&[1], &[1; 32]).await.unwrap_err()), "vault/wrong-passkey");
    medrec.confirm_with_password(&[1; 32]).await.unwrap();
    assert_eq!(grant().await, "network/unreachable");
    assert_eq!(grant().await, "vault/unconfirmed");
    medrec.confirm_with_password(&[1; 32]).await.unwrap();
    medrec.lock();
    medrec.unlock(&[1; 32]).await.unwrap();
    assert_eq!(grant().await, "vault/unconfirmed");
}

#[wasm_bindgen_test]
async fn tells_that_nobody_answers() {
    let medrec = open().await;
    let error = JsValue::from(medrec.sync(None).await.unwrap_err());
    assert_eq!(field(&error, "code"), "network/unreachable");
    assert_eq!(field(&error, "fault"), "unavailable");
}

#[wasm_bindgen_test]
async fn remembers_and_forgets_the_names_of_viewers() {
    let medrec = open().await;
    medrec.create_vault(medrec.new_password_parameters().unwrap(), &[1; 32], "en").await.unwrap();
    let viewer = Address::repeat_byte(5);
    medrec.name_viewer(&viewer.to_string(), "  Ana ").await.unwrap();
    medrec.name_viewer(&viewer.to_string(), "Anna").await.unwrap();
    let named = StoredViewer { viewer, name: "Anna".to_owned() };
    assert_eq!(medrec.session().unwrap().contents().viewers, [named]);
    medrec.name_viewer(&viewer.to_string(), " ").await.unwrap();
    assert_eq!(medrec.session().unwrap().contents().viewers, []);
}

#[wasm_bindgen_test]
fn makes_numbers_that_javascript_can_hold() {
    let list: Vec<crate::views::Number> =
        vec![7.into(), ((1 << 53) - 1).into(), (1 << 53).into(), u64::MAX.into()];
    let list = Array::from(&to_js(&list));
    let greatest = 9_007_199_254_740_991.0;
    let values: Vec<f64> = list.iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(values, [7.0, greatest, greatest, greatest]);
}

#[wasm_bindgen_test]
fn parses_times_and_categories_exactly() {
    assert_eq!(crate::api::arguments::parse_whole("until", 1_790_000_000.0).unwrap(), 1_790_000_000);
    for wrong in [-1.0, 0.5, f64::NAN, f64::INFINITY, 9_007_199_254_740_992.0] {
        assert_eq!(code(crate::api::arguments::parse_whole("until", wrong).unwrap_err()), "call/argument");
    }
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(arguments::parse_categories(&names(&["results", "allergies", "results"])).unwrap().len(), 2);
    assert_eq!(code(arguments::parse_categories(&names(&[])).unwrap_err()), "call/argument");
    assert_eq!(code(arguments::parse_categories(&names(&["Results"])).unwrap_err()), "call/argument");
}

#[wasm_bindgen_test]
async fn new_words_are_confirmed_and_nothing_is_begun_twice() {
    let medrec = open().await;
    let locked = code(medrec.new_phrase("en").unwrap_err());
    assert_eq!(locked, "vault/locked");
    let parameters = medrec.new_password_parameters().unwrap();
    let former = medrec.create_vault(parameters, &[1; 32], "en").await.unwrap();
    let words = medrec.new_phrase("zh").unwrap();
    assert_ne!(words, former);
    let begin = async |words: &str| medrec.begin_renewal(words.as_bytes()).await.map_err(code);
    assert_eq!(begin(&words).await, Err("vault/unconfirmed".to_owned()));
    medrec.confirm_with_password(&[1; 32]).await.unwrap();
    assert_eq!(begin("no words").await.unwrap_err(), "phrase/word-count");
    assert!(!medrec.is_renewing().unwrap());
    begin(&words).await.unwrap();
    assert!(medrec.is_renewing().unwrap());
    medrec.confirm_with_password(&[1; 32]).await.unwrap();
    assert_eq!(begin(&words).await, Err("vault/renewing".to_owned()));
    // Nobody answers here: the former keys stay, and it is still to be done.
    let error = code(medrec.finish_renewal(&ignore_progress()).await.unwrap_err());
    assert_eq!(error, "network/unreachable");
    assert!(medrec.is_renewing().unwrap());
    // With nothing to be done nobody is asked.
    let idle = open().await;
    idle.create_vault(idle.new_password_parameters().unwrap(), &[1; 32], "en").await.unwrap();
    idle.finish_renewal(&ignore_progress()).await.unwrap();
}

#[wasm_bindgen_test]
async fn keys_in_use_on_another_network_are_not_left_behind() {
    let medrec = open().await;
    medrec.create_vault(medrec.new_password_parameters().unwrap(), &[1; 32], "en").await.unwrap();
    let session = medrec.session().unwrap();
    let (network, steward) = (B256::repeat_byte(9), Address::repeat_byte(6));
    let stored = StoredRelationship { network, index: 1, steward };
    session.update(&medrec.storage, |contents| contents.relationships.push(stored)).await.unwrap();
    medrec.confirm_with_password(&[1; 32]).await.unwrap();
    let words = medrec.new_phrase("en").unwrap();
    let error = medrec.begin_renewal(words.as_bytes()).await.unwrap_err();
    assert_eq!(code(error), "vault/used-elsewhere");
    assert!(!medrec.is_renewing().unwrap());
}
