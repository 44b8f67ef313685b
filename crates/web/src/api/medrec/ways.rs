//! Changing the ways into the vault. Whatever adds one asks for the password again, so that an unlocked screen is not enough.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    api::medrec::{
        Medrec,
        arguments::{parse_key, parse_parameters, parse_passkey_output},
    },
    error::ErrorView,
    vault::{Passkey, Secret, random},
};

#[wasm_bindgen]
impl Medrec {
    /// Puts a new password in the place of the former one.
    #[wasm_bindgen(js_name = changePassword)]
    pub async fn change_password(
        &self,
        #[wasm_bindgen(js_name = formerKey)] former_key: &[u8],
        #[wasm_bindgen(unchecked_param_type = "PasswordParameters")] parameters: JsValue,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<(), ErrorView> {
        let (former, password) = (parse_key(former_key)?, parse_key(password_key)?);
        let parameters = parse_parameters(parameters)?;
        Ok(self.session()?.change_password(&self.storage, &former, parameters, &password).await?)
    }

    /// Refuses a wrong password, before a passkey is made that would open nothing.
    #[wasm_bindgen(js_name = checkPassword)]
    pub async fn check_password(
        &self,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<(), ErrorView> {
        Ok(self.session()?.check(&self.storage, Secret::Password(&parse_key(password_key)?)).await?)
    }

    /// Lets the next grant happen: the person has typed the password again.
    #[wasm_bindgen(js_name = confirmWithPassword)]
    pub async fn confirm_with_password(
        &self,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<(), ErrorView> {
        Ok(self.session()?.confirm(&self.storage, Secret::Password(&parse_key(password_key)?)).await?)
    }

    /// Lets the next grant happen: the person has touched a passkey again.
    #[wasm_bindgen(js_name = confirmWithPasskey)]
    pub async fn confirm_with_passkey(&self, credential: &[u8], output: &[u8]) -> Result<(), ErrorView> {
        let output = parse_passkey_output(output)?;
        let secret = Secret::Passkey { credential, output: &output };
        Ok(self.session()?.confirm(&self.storage, secret).await?)
    }

    /// Returns 32 random bytes for a passkey to be made: what it is asked for, and what its secret is made from.
    #[wasm_bindgen(js_name = newPasskeySalt)]
    pub fn new_passkey_salt(&self) -> Result<Vec<u8>, ErrorView> {
        Ok(random::<32>()?.to_vec())
    }

    /// Lets a passkey open the vault, too; `output` is what it gave for `salt`.
    #[wasm_bindgen(js_name = addPasskey)]
    pub async fn add_passkey(
        &self,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
        credential: &[u8],
        salt: &[u8],
        name: &str,
        output: &[u8],
    ) -> Result<(), ErrorView> {
        let (password, output) = (parse_key(password_key)?, parse_passkey_output(output)?);
        if salt.len() != 32 || credential.is_empty() || credential.len() > 1023 {
            return Err(ErrorView::argument("credential", "of a passkey", "other lengths"));
        }
        let name = name.trim().chars().take(MAX_NAME).collect();
        let passkey = Passkey { credential: credential.to_vec(), salt: salt.to_vec(), name };
        Ok(self.session()?.add_passkey(&self.storage, &password, passkey, &output).await?)
    }

    /// Lets a passkey no longer open the vault.
    #[wasm_bindgen(js_name = removePasskey)]
    pub async fn remove_passkey(&self, credential: &[u8]) -> Result<(), ErrorView> {
        Ok(self.session()?.remove_passkey(&self.storage, credential).await?)
    }

    /// Makes a recovery code in the place of a former one; it is kept nowhere.
    #[wasm_bindgen(js_name = makeRecoveryCode)]
    pub async fn make_recovery_code(
        &self,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<String, ErrorView> {
        let code = self.session()?.make_code(&self.storage, &parse_key(password_key)?).await?;
        Ok(code.to_text().to_string())
    }
}

/// Letters of a passkey's name.
const MAX_NAME: usize = 60;
