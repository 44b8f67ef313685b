//! The whole client with the person's vault: one method for each journey.
//!
//! Passwords never come here: a password's key is derived in a worker of its own (see [`derive_password_key`]) and comes
//! as 32 bytes. Secret keys leave this memory as signatures only.

mod arguments;
mod backup;
mod guardians;
mod journeys;
mod own_data;
mod renewal;
mod take_along;
mod ways;

use std::{cell::RefCell, rc::Rc};

use client::Client;
use js_sys::Function;
use protocol::{keys::Phrase, network::Network};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

use crate::{
    api::medrec::arguments::{
        parse_code, parse_key, parse_parameters, parse_passkey_output, parse_phrase, parse_word_list,
    },
    error::ErrorView,
    identity::find_relationships,
    platform::WebPlatform,
    vault::{self, Contents, Secret, Session, VaultError, VaultStorage},
    views::{ProgressView, to_js},
};

/// The light client of one network, with the person's vault.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Medrec {
    client: Client<WebPlatform>,
    storage: VaultStorage,
    session: RefCell<Option<Rc<Session>>>,
}

#[wasm_bindgen]
impl Medrec {
    /// Opens the client of the network that this description names, and the databases of this origin.
    pub async fn open(#[wasm_bindgen(js_name = networkJson)] network_json: &str) -> Result<Self, ErrorView> {
        let network = Network::parse(network_json.as_bytes())?;
        // The vault first: its errors tell a page that may keep nothing from a full disk.
        let storage = VaultStorage::open("medrec-vault").await?;
        let platform = WebPlatform::open("medrec-chain").await?;
        Ok(Self { client: Client::new(network, platform), storage, session: RefCell::new(None) })
    }

    /// Tells where the vault stands; whether a locked one is in order shows when it is unlocked.
    #[wasm_bindgen(js_name = vaultState, unchecked_return_type = "VaultState")]
    pub async fn vault_state(&self) -> Result<String, ErrorView> {
        let state = match self.storage.read().await {
            _ if self.session.borrow().is_some() => "unlocked",
            Ok(None) => "none",
            Ok(Some(_)) | Err(VaultError::Damaged { .. }) => "locked",
            Err(error) => return Err(error.into()),
        };
        Ok(state.to_owned())
    }

    /// Returns fresh parameters for the password of a vault to be made.
    #[wasm_bindgen(js_name = newPasswordParameters, unchecked_return_type = "PasswordParameters")]
    pub fn new_password_parameters(&self) -> Result<JsValue, ErrorView> {
        Ok(to_js(&Session::new_parameters()?))
    }

    /// Returns the ways into the stored vault: the parameters of its password, its passkeys, whether there is a code.
    #[wasm_bindgen(unchecked_return_type = "VaultWays")]
    pub async fn ways(&self) -> Result<JsValue, ErrorView> {
        Ok(to_js(&Session::ways(&self.storage).await?))
    }

    /// Makes a new identity and its vault; returns the recovery phrase in the words of a language, which is kept nowhere.
    #[wasm_bindgen(js_name = createVault)]
    pub async fn create_vault(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PasswordParameters")] parameters: JsValue,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
        #[wasm_bindgen(unchecked_param_type = "'en' | 'zh'")] language: &str,
    ) -> Result<String, ErrorView> {
        let phrase = fresh_phrase(language)?;
        let (parameters, password_key) = (parse_parameters(parameters)?, parse_key(password_key)?);
        let contents = Contents::default();
        let session =
            Session::create(&self.storage, parameters, &password_key, phrase.to_seed(), contents).await?;
        self.session.replace(Some(Rc::new(session)));
        Ok(phrase.to_text().to_string())
    }

    /// Refuses a phrase that cannot be one, before anything slow is done with it.
    #[wasm_bindgen(js_name = checkPhrase)]
    pub fn check_phrase(&self, phrase: &[u8]) -> Result<(), ErrorView> {
        parse_phrase(phrase)?;
        Ok(())
    }

    /// Makes the vault of a recovery phrase, with the relationships that the chain knows its keys from.
    ///
    /// A vault that is stored already is replaced, but only once everything else has succeeded: keys are lost neither
    /// to a network that does not answer nor to a head too old to show every relationship.
    #[wasm_bindgen(js_name = restoreVault)]
    pub async fn restore_vault(
        &self,
        phrase: &[u8],
        #[wasm_bindgen(unchecked_param_type = "PasswordParameters")] parameters: JsValue,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let (phrase, parameters) = (parse_phrase(phrase)?, parse_parameters(parameters)?);
        let password_key = parse_key(password_key)?;
        ProgressView { step: "sync", done: 0, total: 0 }.tell(on_progress);
        let head = self.fresh_head().await?;
        let seed = phrase.to_seed();
        let searching = |done| ProgressView { step: "prove", done, total: 0 }.tell(on_progress);
        let contents = find_relationships(&self.client, &head, &seed, searching).await?;
        let session = Session::replace(&self.storage, parameters, &password_key, seed, contents).await?;
        self.session.replace(Some(Rc::new(session)));
        Ok(())
    }

    /// Opens the vault with its password's key.
    pub async fn unlock(
        &self,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<(), ErrorView> {
        self.unlock_with(Secret::Password(&parse_key(password_key)?)).await
    }

    /// Opens the vault with what a passkey gave for its salt.
    #[wasm_bindgen(js_name = unlockWithPasskey)]
    pub async fn unlock_with_passkey(&self, credential: &[u8], output: &[u8]) -> Result<(), ErrorView> {
        self.unlock_with(Secret::Passkey { credential, output: &parse_passkey_output(output)? }).await
    }

    /// Opens the vault with its recovery code.
    #[wasm_bindgen(js_name = unlockWithCode)]
    pub async fn unlock_with_code(&self, code: &[u8]) -> Result<(), ErrorView> {
        self.unlock_with(Secret::Code(&parse_code(code)?)).await
    }

    /// Forgets the keys. Ending the worker as well also gives back the memory they were in.
    pub fn lock(&self) {
        self.session.replace(None);
    }

    /// Deletes the vault from this browser.
    #[wasm_bindgen(js_name = eraseVault)]
    pub async fn erase_vault(&self) -> Result<(), ErrorView> {
        Session::erase(&self.storage).await?;
        self.lock();
        Ok(())
    }
}

impl Medrec {
    async fn unlock_with(&self, secret: Secret<'_>) -> Result<(), ErrorView> {
        let session = Session::unlock(&self.storage, secret).await?;
        self.session.replace(Some(Rc::new(session)));
        Ok(())
    }

    fn session(&self) -> Result<Rc<Session>, VaultError> {
        self.session.borrow().clone().ok_or(VaultError::Locked)
    }
}

/// Makes a recovery phrase from fresh random bytes, in the words of a language.
fn fresh_phrase(language: &str) -> Result<Phrase, ErrorView> {
    let list = parse_word_list(language)?;
    let mut entropy = Zeroizing::new([0; 16]);
    getrandom::fill(entropy.as_mut()).map_err(|error| VaultError::Entropy { reason: error.to_string() })?;
    Ok(Phrase::generate(list, &entropy)?)
}

/// Derives a password's key. Slow by intent and hungry for memory that is never given back: for a worker of its own.
#[wasm_bindgen(js_name = derivePasswordKey)]
pub fn derive_password_key(
    password: &[u8],
    #[wasm_bindgen(unchecked_param_type = "PasswordParameters")] parameters: JsValue,
) -> Result<Vec<u8>, ErrorView> {
    let parameters = parse_parameters(parameters)?;
    Ok(vault::derive_password_key(password, &parameters)?.bytes().to_vec())
}

#[cfg(test)]
mod tests;
