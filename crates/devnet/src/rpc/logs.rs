//! `eth_getLogs`.

use alloy_primitives::{Address, B256, Log};
use serde_json::{Map, Value};

use super::params::{Form, address, hash, selector};
use super::views::logs_json;
use super::{Params, RpcError, Selector, View};

/// Which logs are wanted.
struct Filter {
    /// Any of these; all when there are none.
    addresses: Vec<Address>,
    /// For each place any of these; whatever when there are none.
    topics: Vec<Vec<B256>>,
}

impl View<'_> {
    pub(super) fn logs(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let form = Form("a filter object");
        let object = params.value(0)?.as_object().ok_or_else(|| form.at(0))?;
        let filter = Filter::parse(object).map_err(|form| form.at(0))?;
        let field = |name| object.get(name).filter(|value| !value.is_null());
        let end = |name| field(name).map_or(Ok(Selector::Latest), selector).map_err(|form| form.at(0));
        let (first, last) = match field("blockHash") {
            Some(value) => {
                let number = self.known(&Selector::Hash(hash(value).map_err(|form| form.at(0))?))?;
                (number, number)
            }
            // A range may reach beyond the newest block.
            None => match (end("fromBlock")?, end("toBlock")?) {
                (from, Selector::Number(to)) => (self.start(&from)?, to.min(self.head)),
                (from, to) => (self.start(&from)?, self.known(&to)?),
            },
        };
        let mut found = Vec::new();
        for number in self.chain.filled(first, last)? {
            let Some(block) = self.block(Some(number))? else { continue };
            let mut before = 0;
            for (position, included) in block.transactions.iter().enumerate() {
                let views = logs_json(&block, position, included, before);
                before += views.len();
                let wanted = included.logs().iter().zip(views).filter(|(log, _)| filter.wants(log));
                found.extend(wanted.map(|(_, view)| view));
            }
            if found.len() > MAX_LOGS {
                return Err(RpcError::server(format!("query returned more than {MAX_LOGS} results")));
            }
        }
        Ok(found.into())
    }

    fn start(&self, selector: &Selector) -> Result<u64, RpcError> {
        if let Selector::Number(number) = selector { Ok(*number) } else { self.known(selector) }
    }
}

impl Filter {
    fn parse(object: &Map<String, Value>) -> Result<Self, Form> {
        let field = |name| object.get(name).filter(|value| !value.is_null());
        if field("blockHash").is_some() && (field("fromBlock").is_some() || field("toBlock").is_some()) {
            return Err(Form("either blockHash or fromBlock and toBlock"));
        }
        let topics = match field("topics") {
            None => Vec::new(),
            Some(topics) => {
                let places = topics
                    .as_array()
                    .filter(|places| places.len() <= 4)
                    .ok_or(Form("at most four topics"))?;
                places.iter().map(|place| any_of(Some(place), hash)).collect::<Result<_, _>>()?
            }
        };
        Ok(Self { addresses: any_of(field("address"), address)?, topics })
    }

    fn wants(&self, log: &Log) -> bool {
        let any = |wanted: &[B256], found: Option<&B256>| {
            wanted.is_empty() || found.is_some_and(|found| wanted.contains(found))
        };
        let has_place = self.topics.len() <= log.topics().len();
        (self.addresses.is_empty() || self.addresses.contains(&log.address))
            && has_place
            && self.topics.iter().enumerate().all(|(place, wanted)| any(wanted, log.topics().get(place)))
    }
}

/// Reads nothing, one value, or a list of them.
fn any_of<T>(value: Option<&Value>, read: fn(&Value) -> Result<T, Form>) -> Result<Vec<T>, Form> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= MAX_ALTERNATIVES => list.iter().map(read).collect(),
        Some(Value::Array(_)) => Err(Form("at most 1000 alternatives")),
        Some(one) => Ok(vec![read(one)?]),
    }
}

const MAX_LOGS: usize = 10_000;
const MAX_ALTERNATIVES: usize = 1000;
