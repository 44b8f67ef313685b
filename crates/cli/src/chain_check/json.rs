//! JSON of a recording, read with its place in mind, so that what is wrong with a file can be said.
//!
//! Engines differ in how they print the same thing: numbers are decimal or hexadecimal, hexadecimal digits upper or
//! lower case. All of that is read here; what is there but cannot be read is refused, never taken as absent.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde_json::Value;

/// A value, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    place: String,
    value: &'a Value,
}

/// What stands somewhere is not what must stand there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: expected {expected}, found {found}")]
pub(crate) struct FormError {
    pub(crate) place: String,
    pub(crate) expected: &'static str,
    pub(crate) found: String,
}

impl<'a> Node<'a> {
    pub(crate) fn new(place: &str, value: &'a Value) -> Self {
        Self { place: place.to_owned(), value }
    }

    pub(crate) const fn value(&self) -> &'a Value {
        self.value
    }

    /// The member under the first of `keys` that is there and not `null`.
    pub(crate) fn find(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().find_map(|key| {
            let value = self.value.get(key).filter(|value| !value.is_null())?;
            Some(Self { place: format!("{}.{key}", self.place), value })
        })
    }

    /// As [`Self::find`], for a member that must be there.
    pub(crate) fn member(&self, keys: &[&'static str]) -> Result<Self, FormError> {
        let first = keys.first().copied().unwrap_or_default();
        self.find(keys).ok_or_else(|| FormError {
            place: format!("{}.{first}", self.place),
            expected: "a value",
            found: "none".to_owned(),
        })
    }

    pub(crate) fn list(&self) -> Result<Vec<Self>, FormError> {
        let items = self.value.as_array().ok_or_else(|| self.error("a list"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, value)| Self { place: format!("{}[{index}]", self.place), value })
            .collect())
    }

    /// Name and value of each member.
    pub(crate) fn members(&self) -> Result<Vec<(&'a str, Self)>, FormError> {
        let members = self.value.as_object().ok_or_else(|| self.error("an object"))?;
        Ok(members
            .iter()
            .map(|(key, value)| (key.as_str(), Self { place: format!("{}.{key}", self.place), value }))
            .collect())
    }

    pub(crate) fn text(&self) -> Result<&'a str, FormError> {
        self.value.as_str().ok_or_else(|| self.error("text"))
    }

    pub(crate) fn bool(&self) -> Result<bool, FormError> {
        self.value.as_bool().ok_or_else(|| self.error("true or false"))
    }

    /// A JSON number, decimal digits, or `0x` and hexadecimal digits.
    pub(crate) fn number(&self) -> Result<u64, FormError> {
        u64::try_from(self.word()?).ok().ok_or_else(|| self.error("a number of at most 64 bits"))
    }

    /// As [`Self::number`], of up to 256 bits.
    pub(crate) fn word(&self) -> Result<U256, FormError> {
        parse_word(self.value).ok_or_else(|| self.error("a number of at most 256 bits"))
    }

    pub(crate) fn bytes(&self) -> Result<Bytes, FormError> {
        let bytes = self.value.as_str().and_then(|text| hex::decode(without_prefix(text)).ok());
        bytes.map(Bytes::from).ok_or_else(|| self.error("hexadecimal digits"))
    }

    pub(crate) fn hash(&self) -> Result<B256, FormError> {
        let bytes = self.bytes()?;
        B256::try_from(bytes.as_ref()).ok().ok_or_else(|| self.error("32 bytes"))
    }

    pub(crate) fn address(&self) -> Result<Address, FormError> {
        let bytes = self.bytes()?;
        Address::try_from(bytes.as_ref()).ok().ok_or_else(|| self.error("20 bytes"))
    }

    pub(crate) fn addresses(&self) -> Result<Vec<Address>, FormError> {
        self.list()?.iter().map(Self::address).collect()
    }

    pub(crate) fn error(&self, expected: &'static str) -> FormError {
        let found: String = self.value.to_string().chars().take(80).collect();
        FormError { place: self.place.clone(), expected, found }
    }
}

fn parse_word(value: &Value) -> Option<U256> {
    match value {
        Value::Number(number) => number.as_u64().map(U256::from),
        Value::String(text) => match without_prefix(text) {
            "" => None,
            digits if digits.len() == text.len() => U256::from_str_radix(digits, 10).ok(),
            digits => U256::from_str_radix(digits, 16).ok(),
        },
        _ => None,
    }
}

fn without_prefix(text: &str) -> &str {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_numbers_and_bytes_in_all_their_forms() {
        for value in [json!(26), json!("26"), json!("0x1a"), json!("0x1A"), json!("0x001a")] {
            assert_eq!(Node::new("x", &value).number(), Ok(26), "{value}");
        }
        for value in [json!("0xAb"), json!("ab"), json!("0Xab")] {
            assert_eq!(Node::new("x", &value).bytes(), Ok(Bytes::from_static(&[0xab])), "{value}");
        }
    }

    #[test]
    fn says_where_something_else_stands() {
        let value = json!({ "list": [1, "0xg"], "none": null });
        let list = Node::new("a.json", &value).member(&["list"]).unwrap().list().unwrap();
        let error = list[1].number().unwrap_err();
        assert_eq!(error.to_string(), "a.json.list[1]: expected a number of at most 256 bits, found \"0xg\"");
        let error = Node::new("a.json", &value).member(&["none"]).unwrap_err();
        assert_eq!(error.to_string(), "a.json.none: expected a value, found none");
    }
}
