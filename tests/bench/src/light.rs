//! The light client alone, as JavaScript would use it: runs of headers, account and storage proofs, sync.
//!
//! Its size is figure F6, and what it does in a page is measured beside other libraries (F1 to F4, F17). What is
//! verified was decoded from JSON or hex beforehand, for every candidate alike; only [`LightClient`] reads
//! JSON-RPC itself. Nothing here verifies anything: that is all in `lightclient` and `client`.

mod host;

use alloy_primitives::{Address, B256, Bytes};
use client::Client;
use js_sys::{Array, Uint8Array};
use lightclient::{
    Asked, ChainRules, Evidence, Header, KnownKeys, LogFilter, Outcome, ProvenAccount, UnixTime,
    VerifiedHeader, verify_account, verify_checkpoint, verify_header, verify_headers,
};
use protocol::network::Network;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use self::host::{Host, Page};

/// Headers that follow one another, from the checkpoint of their network. Figure F1 is what its methods take.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Headers {
    rules: ChainRules,
    trusted: VerifiedHeader,
    now: UnixTime,
    encoded: Vec<Vec<u8>>,
}

#[wasm_bindgen]
impl Headers {
    /// Takes a network description, the time in seconds, and the RLP of headers; the first is the checkpoint's.
    ///
    /// # Errors
    /// When the first header is not the checkpoint's.
    #[wasm_bindgen(constructor)]
    pub fn new(network: &str, now: u64, encoded: Vec<Uint8Array>) -> Result<Self, JsError> {
        let network = Network::parse(network.as_bytes())?;
        let mut encoded: Vec<Vec<u8>> = encoded.iter().map(Uint8Array::to_vec).collect();
        let first = Header::decode(&encoded.remove(0))?;
        let trusted = verify_checkpoint(&network.checkpoint, &first, Evidence::None, &network.rules)?;
        Ok(Self { rules: network.rules, trusted, now, encoded })
    }

    /// Verifies all headers together, no key known at first; returns who sealed them, 20 bytes each.
    ///
    /// # Errors
    /// The first header that does not verify.
    pub fn verify_together(&self) -> Result<Vec<u8>, JsError> {
        let headers = self.encoded.iter().map(|rlp| Header::decode(rlp)).collect::<Result<Vec<_>, _>>()?;
        let known_keys = &mut KnownKeys::new();
        Ok(signers(&verify_headers(&self.trusted, &headers, &self.rules, self.now, known_keys)?))
    }

    /// Verifies all headers one by one, every key recovered; returns who sealed them, 20 bytes each.
    ///
    /// # Errors
    /// The first header that does not verify.
    pub fn verify_one_by_one(&self) -> Result<Vec<u8>, JsError> {
        Ok(signers(&self.one_by_one()?))
    }

    /// The state of the last header.
    ///
    /// # Errors
    /// The first header that does not verify.
    pub fn state(&self) -> Result<State, JsError> {
        Ok(State(self.one_by_one()?.pop().unwrap_or_else(|| self.trusted.clone())))
    }

    fn one_by_one(&self) -> Result<Vec<VerifiedHeader>, JsError> {
        let mut verified = Vec::with_capacity(self.encoded.len());
        for rlp in &self.encoded {
            let trusted = verified.last().unwrap_or(&self.trusted);
            let asked = Asked::Number(trusted.number() + 1);
            let header = Header::decode(rlp)?;
            verified.push(verify_header(trusted, &header, Evidence::None, asked, &self.rules, self.now)?);
        }
        Ok(verified)
    }
}

fn signers(headers: &[VerifiedHeader]) -> Vec<u8> {
    headers.iter().flat_map(VerifiedHeader::signers).flatten().copied().collect()
}

/// A verified header, under which accounts are proven.
#[wasm_bindgen]
#[derive(Debug)]
pub struct State(VerifiedHeader);

#[wasm_bindgen]
impl State {
    /// Takes account proofs: an address and a list of nodes for each.
    pub fn accounts(&self, addresses: Vec<Uint8Array>, proofs: Vec<Array>) -> Accounts {
        let addresses = addresses.iter().map(|address| Address::from_slice(&address.to_vec()));
        Accounts { header: self.0.clone(), questions: addresses.zip(proofs.iter().map(nodes)).collect() }
    }

    /// Takes storage proofs of one account, which is proven first.
    ///
    /// # Errors
    /// When the account's proof does not verify.
    pub fn slots(
        &self,
        address: &[u8],
        account_proof: Array,
        slots: Vec<Uint8Array>,
        proofs: Vec<Array>,
    ) -> Result<Slots, JsError> {
        let account = verify_account(&self.0, Address::from_slice(address), &nodes(&account_proof))?;
        let slots = slots.iter().map(|slot| B256::from_slice(&slot.to_vec()));
        Ok(Slots { account, questions: slots.zip(proofs.iter().map(nodes)).collect() })
    }
}

/// Accounts and their proofs.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Accounts {
    header: VerifiedHeader,
    questions: Vec<(Address, Vec<Bytes>)>,
}

#[wasm_bindgen]
impl Accounts {
    /// Verifies all proofs; returns the nonces.
    ///
    /// # Errors
    /// The first proof that does not verify.
    pub fn verify(&self) -> Result<Vec<u64>, JsError> {
        let nonces = self
            .questions
            .iter()
            .map(|(address, proof)| Ok(verify_account(&self.header, *address, proof)?.nonce()));
        nonces.collect()
    }
}

/// Storage slots of one account and their proofs.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Slots {
    account: ProvenAccount,
    questions: Vec<(B256, Vec<Bytes>)>,
}

#[wasm_bindgen]
impl Slots {
    /// Verifies all proofs; returns the values, 32 bytes each.
    ///
    /// # Errors
    /// The first proof that does not verify.
    pub fn verify(&self) -> Result<Vec<u8>, JsError> {
        let mut words = Vec::with_capacity(self.questions.len() * 32);
        for (slot, proof) in &self.questions {
            words.extend(self.account.verify_slot(*slot, proof)?.word());
        }
        Ok(words)
    }
}

/// A light client of one network that reaches its endpoints through the page, with all that one can ask it: the size
/// of what is not measured counts, too.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LightClient(Client<Page>);

#[wasm_bindgen]
impl LightClient {
    /// Makes a client that knows its network's checkpoint and nothing else.
    ///
    /// # Errors
    /// When the network description is not one.
    #[wasm_bindgen(constructor)]
    pub fn new(network: &str, host: Host) -> Result<Self, JsError> {
        Ok(Self(Client::new(Network::parse(network.as_bytes())?, Page::new(host))))
    }

    /// Syncs to the newest header that verifies, and says what it took.
    ///
    /// # Errors
    /// As [`Client::sync`].
    pub async fn sync(&self) -> Result<Synced, JsError> {
        let report = self.0.sync().await?;
        Ok(Synced {
            number: report.head.number(),
            requests: report.requests,
            headers: report.headers_verified,
        })
    }

    /// Reads slots of the registry, proven under the newest header; 32 bytes each.
    ///
    /// # Errors
    /// As [`Client::state`].
    pub async fn registry(&self, slots: Vec<Uint8Array>) -> Result<Vec<u8>, JsError> {
        let slots: Vec<B256> = slots.iter().map(|slot| B256::from_slice(&slot.to_vec())).collect();
        let state = self.0.state(&self.0.head()?, &self.0.network().registry, &slots).await?;
        Ok(state.slots.iter().flat_map(|slot| slot.word()).collect())
    }

    /// Counts the logs of the registry in these blocks, proven to be all of them.
    ///
    /// # Errors
    /// As [`Client::logs`].
    pub async fn logs(&self, from: u64, to: u64) -> Result<usize, JsError> {
        let filter = LogFilter::new(vec![self.0.network().registry.address], vec![]);
        Ok(self.0.logs(&self.0.head()?, &filter, from..=to).await?.len())
    }

    /// Tells whether a transaction succeeded, proven under the newest header.
    ///
    /// # Errors
    /// As [`Client::receipt`].
    pub async fn succeeded(&self, transaction: &[u8]) -> Result<bool, JsError> {
        let (_, receipt) = self.0.receipt(&self.0.head()?, B256::try_from(transaction)?).await?;
        Ok(receipt.receipt().outcome == Outcome::Succeeded)
    }
}

/// What a sync reached and took.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy)]
pub struct Synced {
    /// Height of the newest header that verified.
    pub number: u64,
    /// HTTP requests made.
    pub requests: u64,
    /// Headers whose seals were verified.
    pub headers: u64,
}

fn nodes(proof: &Array) -> Vec<Bytes> {
    proof.iter().map(|node| Bytes::from(Uint8Array::new(&node).to_vec())).collect()
}
