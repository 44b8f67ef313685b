//! The backup file of the vault: making one, trying one, and going on from one.

use std::rc::Rc;

use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    api::medrec::{Medrec, arguments::parse_key},
    error::ErrorView,
    vault::Session,
    views::to_js,
};

/// What a backup file holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BackupView {
    /// Whether it is of the vault that is open here.
    own: bool,
    relationships: usize,
}

#[wasm_bindgen]
impl Medrec {
    /// Makes a backup file; it is as well locked as the vault itself.
    #[wasm_bindgen(js_name = backUp)]
    pub async fn back_up(
        &self,
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<Vec<u8>, ErrorView> {
        Ok(self.session()?.back_up(&self.storage, &parse_key(password_key)?).await?)
    }

    /// Whether a backup file of this vault was ever tried.
    #[wasm_bindgen(js_name = backupTried)]
    pub fn backup_tried(&self) -> Result<bool, ErrorView> {
        Ok(self.session()?.contents().backup_tried)
    }

    /// Returns the parameters of a backup file's password.
    #[wasm_bindgen(js_name = backupParameters, unchecked_return_type = "PasswordParameters")]
    pub fn backup_parameters(&self, file: &[u8]) -> Result<JsValue, ErrorView> {
        Ok(to_js(&Session::parameters_of_backup(file)?))
    }

    /// Opens a backup file to see that it works, and changes nothing.
    #[wasm_bindgen(js_name = tryBackup, unchecked_return_type = "BackupView")]
    pub async fn try_backup(
        &self,
        file: &[u8],
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<JsValue, ErrorView> {
        let backup = Session::open_backup(file, &parse_key(password_key)?)?;
        let own = self.session()?.note_backup(&self.storage, &backup).await?;
        Ok(to_js(&BackupView { own, relationships: backup.contents().relationships.len() }))
    }

    /// Goes on from a backup file; a vault that is stored already is replaced.
    #[wasm_bindgen(js_name = restoreBackup)]
    pub async fn restore_backup(
        &self,
        file: &[u8],
        #[wasm_bindgen(js_name = passwordKey)] password_key: &[u8],
    ) -> Result<(), ErrorView> {
        let backup = Session::open_backup(file, &parse_key(password_key)?)?;
        self.session.replace(Some(Rc::new(backup.restore(&self.storage).await?)));
        Ok(())
    }
}
