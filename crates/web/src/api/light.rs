//! The light client alone: what a program needs that is no MedRec page. Every value is proven, or the call fails.

use alloy_primitives::{B256, Bytes, hex};
use client::{Client, ClientError, Head};
use js_sys::Object;
use lightclient::LogFilter;
use protocol::{checkpoint::CheckpointUpdate, network::Network};
use serde::Deserialize;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

use crate::{
    api::{
        arguments::{parse_address_argument, parse_whole},
        running::{CallOptions, run},
    },
    error::ErrorView,
    platform::WebPlatform,
    views::{
        SyncView,
        chain::{AccountView, BlockView, LogView, ReceiptView, SlotView, TransactionView},
        to_js,
    },
};

/// A light client of one network, without keys.
#[wasm_bindgen]
#[derive(Debug)]
pub struct LightClient {
    client: Client<WebPlatform>,
}

#[wasm_bindgen]
impl LightClient {
    /// Opens the client of the network that this description names, with the verified heads of this origin.
    pub async fn open(#[wasm_bindgen(js_name = networkJson)] network_json: &str) -> Result<Self, ErrorView> {
        let network = Network::parse(network_json.as_bytes())?;
        Ok(Self { client: Client::new(network, WebPlatform::open("medrec-chain").await?) })
    }

    /// Brings the client to the newest block that it can verify, and tells what each endpoint did.
    #[wasm_bindgen(unchecked_return_type = "SyncView")]
    pub async fn sync(&self, options: Option<CallOptions>) -> Result<JsValue, ErrorView> {
        self.run(options, async {
            let report = self.client.sync().await?;
            Ok(to_js(&SyncView::new(report, self.client.network())))
        })
        .await
    }

    /// Brings the client to the newest block from a checkpoint that the network's operators have signed, for when its own
    /// head is too old to go on from.
    #[wasm_bindgen(unchecked_return_type = "SyncView")]
    pub async fn checkpoint(&self, json: &str, options: Option<CallOptions>) -> Result<JsValue, ErrorView> {
        let update = CheckpointUpdate::parse(json.as_bytes()).map_err(ClientError::from)?;
        self.run(options, async {
            let report = self.client.update_checkpoint(&update).await?;
            Ok(to_js(&SyncView::new(report, self.client.network())))
        })
        .await
    }

    /// Returns the verified head, as it is known.
    #[wasm_bindgen(unchecked_return_type = "BlockView")]
    pub fn head(&self) -> Result<JsValue, ErrorView> {
        Ok(to_js(&BlockView::of(self.client.head()?.header())))
    }

    /// Proves the header of a block before the head, by the parent hashes in between; 10,000 blocks back at most.
    #[wasm_bindgen(unchecked_return_type = "BlockView")]
    pub async fn block(&self, number: f64, options: Option<CallOptions>) -> Result<JsValue, ErrorView> {
        let number = parse_whole("number", number)?;
        self.run(options, async {
            let header = self.client.block(&self.known().await?, number).await?;
            Ok(to_js(&BlockView::of(&header)))
        })
        .await
    }

    /// Proves all transactions of a block before the head.
    #[wasm_bindgen(unchecked_return_type = "TransactionView[]")]
    pub async fn transactions(
        &self,
        number: f64,
        options: Option<CallOptions>,
    ) -> Result<JsValue, ErrorView> {
        let number = parse_whole("number", number)?;
        self.run(options, async {
            let proven = self.client.transactions(&self.known().await?, number).await?;
            let views: Result<Vec<_>, _> = proven.transactions().iter().map(TransactionView::new).collect();
            Ok(to_js(&views?))
        })
        .await
    }

    /// Proves an account at the head; one that is not there has no code and no balance.
    #[wasm_bindgen(unchecked_return_type = "AccountView")]
    pub async fn account(&self, address: &str, options: Option<CallOptions>) -> Result<JsValue, ErrorView> {
        let address = parse_address_argument("address", address)?;
        self.run(options, async {
            Ok(to_js(&AccountView::from(&self.client.account(&self.known().await?, address).await?)))
        })
        .await
    }

    /// Proves storage slots of a contract at the head, in the order asked.
    #[wasm_bindgen(unchecked_return_type = "SlotView[]")]
    pub async fn storage(
        &self,
        address: &str,
        slots: Vec<String>,
        options: Option<CallOptions>,
    ) -> Result<JsValue, ErrorView> {
        let address = parse_address_argument("address", address)?;
        let slots = parse_hashes("slots", &slots)?;
        self.run(options, async {
            let state = self.client.storage(&self.known().await?, address, &slots).await?;
            Ok(to_js(&state.slots.iter().map(SlotView::from).collect::<Vec<_>>()))
        })
        .await
    }

    /// Returns the code of an account, compared with the code hash proven at the head.
    pub async fn code(&self, address: &str, options: Option<CallOptions>) -> Result<String, ErrorView> {
        let address = parse_address_argument("address", address)?;
        self.run(options, async { Ok(self.client.code(&self.known().await?, address).await?.to_string()) })
            .await
    }

    /// Proves a transaction in a block before the head.
    #[wasm_bindgen(unchecked_return_type = "TransactionView")]
    pub async fn transaction(&self, hash: &str, options: Option<CallOptions>) -> Result<JsValue, ErrorView> {
        let hash = parse_hash("hash", hash)?;
        self.run(options, async {
            let proven = self.client.transaction(&self.known().await?, hash).await?;
            Ok(to_js(&TransactionView::new(&proven)?))
        })
        .await
    }

    /// Proves what became of a transaction.
    #[wasm_bindgen(unchecked_return_type = "ReceiptView")]
    pub async fn receipt(&self, hash: &str, options: Option<CallOptions>) -> Result<JsValue, ErrorView> {
        let hash = parse_hash("hash", hash)?;
        self.run(options, async {
            let (transaction, receipt) = self.client.receipt(&self.known().await?, hash).await?;
            Ok(to_js(&ReceiptView::new(&transaction, &receipt)?))
        })
        .await
    }

    /// Proves all logs that a filter wants in a range of blocks: complete, or an error.
    #[wasm_bindgen(unchecked_return_type = "LogView[]")]
    pub async fn logs(
        &self,
        #[wasm_bindgen(unchecked_param_type = "LogQuery")] query: JsValue,
        options: Option<CallOptions>,
    ) -> Result<JsValue, ErrorView> {
        let (filter, from, to) = LogQuery::read(query)?.parse()?;
        self.run(options, async {
            let head = self.known().await?;
            let newest = head.header().number();
            let range = from.unwrap_or(newest)..=to.unwrap_or(newest);
            let logs = self.client.logs(&head, &filter, range).await?;
            Ok(to_js(&logs.iter().map(LogView::from).collect::<Vec<_>>()))
        })
        .await
    }

    /// Hands in a signed transaction and returns its hash; whether it took effect is for a receipt or state to prove.
    pub async fn send(&self, raw: &str, options: Option<CallOptions>) -> Result<String, ErrorView> {
        let bytes: Option<Bytes> =
            raw.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok()).map(Bytes::from);
        let bytes = bytes.ok_or_else(|| ErrorView::argument("raw", "0x and hex digits", raw))?;
        self.run(options, async { Ok(self.client.send(bytes).await?.to_string()) }).await
    }

    /// Returns the evidence that two sealed blocks share a height, if that was seen: a JSON text to keep as a file.
    pub fn evidence(&self) -> Option<String> {
        self.client.evidence()
    }
}

impl LightClient {
    async fn run<T>(
        &self,
        options: Option<CallOptions>,
        work: impl Future<Output = Result<T, ErrorView>>,
    ) -> Result<T, ErrorView> {
        run(&self.client, options, work).await
    }

    /// The head, from a first sync if there is none yet.
    async fn known(&self) -> Result<Head, ErrorView> {
        match self.client.head() {
            Err(error) if error.code() == "network/no-head" => {
                self.client.sync().await?;
                Ok(self.client.head()?)
            }
            head => Ok(head?),
        }
    }
}

/// Reads a hash or a 32-byte storage slot.
fn parse_hash(name: &str, text: &str) -> Result<B256, ErrorView> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64);
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| ErrorView::argument(name, "32 bytes as 0x…", text))
}

fn parse_hashes(name: &str, texts: &[String]) -> Result<Vec<B256>, ErrorView> {
    texts.iter().map(|text| parse_hash(name, text)).collect()
}

/// Which logs are wanted, as JavaScript says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogQuery {
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default)]
    topics: Vec<Vec<String>>,
    from_block: Option<f64>,
    to_block: Option<f64>,
}

impl LogQuery {
    /// A member that we do not know is refused: misspelt, it would widen the question to everything.
    fn read(query: JsValue) -> Result<Self, ErrorView> {
        let names = query.dyn_ref::<Object>().map(Object::keys).unwrap_or_default();
        let unknown = names.iter().filter_map(|name| name.as_string()).find(|name| !QUERY.contains(&&**name));
        if let Some(unknown) = unknown {
            return Err(ErrorView::argument("query", &QUERY.join(", "), &unknown));
        }
        serde_wasm_bindgen::from_value(query)
            .map_err(|error| ErrorView::argument("query", "of logs", &error.to_string()))
    }

    fn parse(&self) -> Result<(LogFilter, Option<u64>, Option<u64>), ErrorView> {
        let addresses = self.addresses.iter().map(|address| parse_address_argument("addresses", address));
        let topics: Result<Vec<Vec<B256>>, ErrorView> =
            self.topics.iter().map(|any_of| parse_hashes("topics", any_of)).collect();
        let block = |name, number: Option<f64>| number.map(|number| parse_whole(name, number)).transpose();
        let filter = LogFilter::new(addresses.collect::<Result<_, _>>()?, topics?);
        Ok((filter, block("fromBlock", self.from_block)?, block("toBlock", self.to_block)?))
    }
}

const QUERY: [&str; 4] = ["addresses", "topics", "fromBlock", "toBlock"];

#[cfg(test)]
mod tests;
