//! New recovery words in the place of the former ones, at every hospital and for everybody who lets the person read.

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    api::medrec::{Medrec, arguments::parse_phrase, fresh_phrase},
    error::ErrorView,
    identity::{begin_renewal, finish_renewal},
    views::ProgressView,
};

#[wasm_bindgen]
impl Medrec {
    /// Makes new recovery words in a language. They are kept nowhere, and nothing has changed yet.
    #[wasm_bindgen(js_name = newPhrase)]
    pub fn new_phrase(
        &self,
        #[wasm_bindgen(unchecked_param_type = "'en' | 'zh'")] language: &str,
    ) -> Result<String, ErrorView> {
        self.session()?;
        Ok(fresh_phrase(language)?.to_text().to_string())
    }

    /// Lets new recovery words, which the person has written down, be the next ones. Has to be confirmed before
    /// (`confirmWithPassword`, `confirmWithPasskey`).
    #[wasm_bindgen(js_name = beginRenewal)]
    pub async fn begin_renewal(&self, phrase: &[u8]) -> Result<(), ErrorView> {
        let (words, session) = (parse_phrase(phrase)?, self.session()?);
        session.take_confirmation()?;
        begin_renewal(&self.client, &session, &self.storage, &words).await
    }

    /// Whether new recovery words are about to take over.
    #[wasm_bindgen(js_name = isRenewing)]
    pub fn is_renewing(&self) -> Result<bool, ErrorView> {
        Ok(self.session()?.seeds().next.is_some())
    }

    /// Lets the new words take over: replaces the keys on chain, then in the vault. Interrupted, it goes on.
    #[wasm_bindgen(js_name = finishRenewal)]
    pub async fn finish_renewal(
        &self,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let progress = |progress| ProgressView::within(progress, 0, 0).tell(on_progress);
        finish_renewal(&self.client, &*self.session()?, &self.storage, progress).await
    }
}
