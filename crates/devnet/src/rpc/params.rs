//! Reads parameters: every value has one form, and any other is refused with -32602.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::Value;

use super::RpcError;
use crate::execute::Message;

/// The parameters of one call, by position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Params<'a>(&'a [Value]);

/// Which block is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selector {
    /// The genesis block.
    Earliest,
    /// The block with this hash.
    Hash(B256),
    /// The newest block. No block of this chain is ever taken back, so `safe` and `finalized` mean this too, and so does
    /// `pending`.
    Latest,
    /// The block with this number.
    Number(u64),
}

impl<'a> Params<'a> {
    /// Takes the `params` member of a request; without one there are none.
    pub(crate) fn new(params: Option<&'a Value>) -> Result<Self, RpcError> {
        match params {
            None | Some(Value::Null) => Ok(Self(&[])),
            Some(Value::Array(list)) => Ok(Self(list)),
            Some(_) => Err(RpcError::params("non-array params")),
        }
    }

    /// Returns all values.
    pub(crate) fn values(&self) -> &'a [Value] {
        self.0
    }

    pub(super) fn value(&self, position: usize) -> Result<&'a Value, RpcError> {
        self.0
            .get(position)
            .ok_or_else(|| RpcError::params(format!("missing value for required argument {position}")))
    }

    pub(super) fn optional(&self, position: usize) -> Option<&'a Value> {
        self.0.get(position).filter(|value| !value.is_null())
    }

    pub(crate) fn address(&self, position: usize) -> Result<Address, RpcError> {
        address(self.value(position)?).map_err(|error| error.at(position))
    }

    pub(crate) fn hash(&self, position: usize) -> Result<B256, RpcError> {
        hash(self.value(position)?).map_err(|error| error.at(position))
    }

    pub(crate) fn data(&self, position: usize) -> Result<Bytes, RpcError> {
        data(self.value(position)?).map_err(|error| error.at(position))
    }

    pub(crate) fn slot(&self, position: usize) -> Result<B256, RpcError> {
        slot(self.value(position)?).map_err(|error| error.at(position))
    }

    pub(crate) fn flag(&self, position: usize) -> Result<bool, RpcError> {
        let flag = self.value(position)?.as_bool();
        flag.ok_or_else(|| Form("a boolean").at(position))
    }

    pub(super) fn quantity(&self, position: usize) -> Result<u64, RpcError> {
        quantity(self.value(position)?).map_err(|error| error.at(position))
    }

    /// Reads a block tag, a number, or an object with `blockHash` or `blockNumber` (EIP-1898). Left out, it is the newest block.
    pub(crate) fn selector(&self, position: usize) -> Result<Selector, RpcError> {
        self.optional(position).map_or(Ok(Selector::Latest), selector).map_err(|error| error.at(position))
    }

    pub(super) fn is_pending(&self, position: usize) -> bool {
        self.optional(position).and_then(Value::as_str) == Some("pending")
    }

    pub(super) fn slots(&self, position: usize) -> Result<Vec<(&'a str, B256)>, RpcError> {
        let list = self.value(position)?.as_array().ok_or_else(|| Form("an array of slots").at(position))?;
        if list.len() > MAX_SLOTS {
            return Err(RpcError::params(format!("{} slots, expected at most {MAX_SLOTS}", list.len())));
        }
        let read = |value: &'a Value| Ok((value.as_str().unwrap_or_default(), slot(value)?));
        list.iter().map(read).collect::<Result<_, Form>>().map_err(|error| error.at(position))
    }

    pub(super) fn message(&self, position: usize) -> Result<Message, RpcError> {
        message(self.value(position)?).map_err(|error| error.at(position))
    }
}

/// The form a value should have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form(pub(super) &'static str);

impl Form {
    pub(super) fn at(self, position: usize) -> RpcError {
        RpcError::params(format!("invalid argument {position}: expected {}", self.0))
    }
}

pub(super) fn address(value: &Value) -> Result<Address, Form> {
    let bytes = hex(value, "0x and 40 hex digits")?;
    Address::try_from(bytes.as_ref()).ok().ok_or(Form("0x and 40 hex digits"))
}

pub(super) fn hash(value: &Value) -> Result<B256, Form> {
    let bytes = hex(value, "0x and 64 hex digits")?;
    B256::try_from(bytes.as_ref()).ok().ok_or(Form("0x and 64 hex digits"))
}

pub(super) fn data(value: &Value) -> Result<Bytes, Form> {
    hex(value, "0x and an even number of hex digits")
}

pub(super) fn quantity(value: &Value) -> Result<u64, Form> {
    u64::try_from(big_quantity(value)?).ok().ok_or(Form("a quantity below 2^64"))
}

/// Reads a quantity: 0x and hex digits, without leading zeros.
fn big_quantity(value: &Value) -> Result<U256, Form> {
    let form = Form("a quantity (0x and hex digits without leading zeros)");
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).ok_or(form)?;
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(form);
    }
    hex_number(digits).ok_or(form)
}

/// Reads a slot position: 32 bytes, or a number in hex of up to that length.
fn slot(value: &Value) -> Result<B256, Form> {
    let form = Form("a slot (0x and at most 64 hex digits)");
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).ok_or(form)?;
    hex_number(digits).map(B256::from).ok_or(form)
}

fn hex_number(digits: &str) -> Option<U256> {
    let is_hex = (1..=64).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| U256::from_str_radix(digits, 16).ok()).flatten()
}

fn hex(value: &Value, form: &'static str) -> Result<Bytes, Form> {
    let text = value.as_str().filter(|text| text.starts_with("0x")).ok_or(Form(form))?;
    text.parse().ok().ok_or(Form(form))
}

pub(super) fn selector(value: &Value) -> Result<Selector, Form> {
    if let Some(object) = value.as_object() {
        return match (object.get("blockHash"), object.get("blockNumber")) {
            (Some(value), None) => hash(value).map(Selector::Hash),
            (None, Some(value)) if value.is_string() => selector(value),
            _ => Err(Form("either blockHash or blockNumber")),
        };
    }
    match value.as_str() {
        Some("earliest") => Ok(Selector::Earliest),
        Some("finalized" | "latest" | "pending" | "safe") => Ok(Selector::Latest),
        Some(_) => quantity(value).map(Selector::Number),
        None => Err(Form("a block tag, number or object")),
    }
}

fn message(value: &Value) -> Result<Message, Form> {
    let object = value.as_object().ok_or(Form("a call object"))?;
    let field = |name| object.get(name).filter(|value| !value.is_null());
    if field("gasPrice").map(big_quantity).transpose()?.is_some_and(|price| !price.is_zero()) {
        return Err(Form("a gas price of zero, as everything on this chain"));
    }
    let input = match (field("input"), field("data")) {
        (Some(input), Some(other)) if input != other => return Err(Form("the same in input and data")),
        (input, other) => input.or(other),
    };
    Ok(Message {
        from: field("from").map(address).transpose()?.unwrap_or_default(),
        to: field("to").map(address).transpose()?,
        gas: field("gas").map(quantity).transpose()?,
        value: field("value").map(big_quantity).transpose()?.unwrap_or_default(),
        input: input.map(data).transpose()?.unwrap_or_default(),
    })
}

/// geth's limit as well.
const MAX_SLOTS: usize = 1024;
