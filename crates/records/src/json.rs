//! Strict JSON: one text, one meaning.
//!
//! `serde_json` keeps the last of two members with one name, and other parsers keep the first: two readers of one
//! sealed record could see two values. So duplicate names are refused here, with texts that are too large or too
//! deep, and with whole numbers that a double cannot hold (their canonical form would name another number).
//! Numbers that overflow a double, lone surrogates and trailing bytes are already errors of `serde_json`.
//!
//! **Not** checked: that a fraction is written with no more digits than a double holds (`0.1` and
//! `0.10000000000000000001` are the same value).
//!
//! Source: RFC 8259; RFC 7493 (I-JSON) §2.2 and §2.3; RFC 8785 §3.1.

use core::fmt;

use lightclient::Fault;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How large and how deep a JSON text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// The most bytes of the text.
    pub bytes: usize,
    /// The most arrays and objects around a value; a text of one flat object has depth 1.
    pub depth: usize,
}

/// Parses exactly one JSON value, strictly.
///
/// # Errors
/// [`JsonError`] with the place of the first fault; never with what the text says.
pub fn parse_json(text: &[u8], limits: JsonLimits) -> Result<Value, JsonError> {
    if text.len() > limits.bytes {
        return Err(JsonError::TooLarge { limit: limits.bytes, found: text.len() });
    }
    let mut rule = None;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = Strict { depth_left: limits.depth, rule: &mut rule }.deserialize(&mut deserializer);
    let parsed = parsed.and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match rule {
            Some(Rule::Depth) => JsonError::TooDeep { limit: limits.depth, line, column },
            Some(Rule::Duplicate) => JsonError::DuplicateName { line, column },
            Some(Rule::Inexact) => JsonError::InexactNumber { line, column },
            None => JsonError::Syntax { line, column },
        }
    })
}

/// Which of our own rules stopped the parser.
enum Rule {
    Depth,
    Duplicate,
    Inexact,
}

struct Strict<'a> {
    depth_left: usize,
    rule: &'a mut Option<Rule>,
}

impl Strict<'_> {
    fn stop<E: serde::de::Error>(self, rule: Rule) -> E {
        *self.rule = Some(rule);
        E::custom("refused")
    }

    /// A whole number must be the one that its canonical form names: ECMAScript prints the double next to it.
    #[expect(clippy::cast_precision_loss, reason = "whether the cast loses digits is the question")]
    fn whole<E: serde::de::Error>(self, number: i128) -> Result<Value, E> {
        let double = number as f64;
        if double.to_string() == number.to_string() {
            return Number::from_f64(double).map(Value::Number).ok_or_else(|| E::custom("not finite"));
        }
        Err(self.stop(Rule::Inexact))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match value {
            0..=EXACT => Ok(Value::Number(value.into())),
            _ => self.whole(value.into()),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        match value.unsigned_abs() {
            0..=EXACT => Ok(Value::Number(value.into())),
            _ => self.whole(value.into()),
        }
    }

    /// `70.0` is the number 70, as its canonical form says.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only whole numbers that an i64 holds exactly are cast"
    )]
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 {
            return Ok(Value::Number((value as i64).into()));
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(self.stop(Rule::Depth));
        };
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(Strict { depth_left, rule: self.rule })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(self.stop(Rule::Depth));
        };
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(self.stop(Rule::Duplicate));
            }
            let value = members.next_value_seed(Strict { depth_left, rule: self.rule })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// Whole numbers up to 2^53 are exact in a double.
const EXACT: u64 = 1 << 53;

/// Why a text is not strict JSON; tells the place (1-based line and column), never the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// An object has two members of one name.
    #[error("two members of one name at line {line}, column {column}")]
    DuplicateName {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A whole number that no double holds exactly.
    #[error("a whole number that no double holds at line {line}, column {column}")]
    InexactNumber {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Not JSON.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Arrays and objects inside each other beyond the limit.
    #[error("more than {limit} levels deep at line {line}, column {column}")]
    TooDeep {
        /// The most levels.
        limit: usize,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// More bytes than the limit.
    #[error("{found} bytes of JSON, expected at most {limit}")]
    TooLarge {
        /// The most bytes.
        limit: usize,
        /// The bytes that came.
        found: usize,
    },
}

impl JsonError {
    /// Who wrote the text is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LIMITS: JsonLimits = JsonLimits { bytes: 64, depth: 3 };

    fn parse(text: &str) -> Result<Value, JsonError> {
        parse_json(text.as_bytes(), LIMITS)
    }

    #[test]
    fn reads_every_kind_of_value() {
        let text = r#"{"a":[null,true,-1,2.50,"\u00e9\n"],"b":{"c":1e2}}"#;
        assert_eq!(parse(text), Ok(json!({"a": [null, true, -1, 2.5, "é\n"], "b": {"c": 100}})));
    }

    #[test]
    fn refuses_two_members_of_one_name_at_any_depth() {
        assert_eq!(parse(r#"{"a":1,"a":1}"#), Err(JsonError::DuplicateName { line: 1, column: 10 }));
        assert_eq!(
            parse(r#"[{"a":{"b":1,"\u0062":2}}]"#),
            Err(JsonError::DuplicateName { line: 1, column: 21 })
        );
    }

    #[test]
    fn refuses_what_is_too_deep_or_too_large() {
        assert_eq!(parse("[[[1]]]"), Ok(json!([[[1]]])));
        assert_eq!(parse("[[[[1]]]]"), Err(JsonError::TooDeep { limit: 3, line: 1, column: 4 }));
        assert_eq!(parse(r#"{"a":[{"b":{}}]}"#), Err(JsonError::TooDeep { limit: 3, line: 1, column: 13 }));
        let long = " ".repeat(65);
        assert_eq!(parse(&long), Err(JsonError::TooLarge { limit: 64, found: 65 }));
        let deep = "[".repeat(1_000_000);
        let limits = JsonLimits { bytes: usize::MAX, depth: 64 };
        assert_eq!(
            parse_json(deep.as_bytes(), limits),
            Err(JsonError::TooDeep { limit: 64, line: 1, column: 65 })
        );
    }

    #[test]
    fn refuses_whole_numbers_that_a_double_cannot_hold() {
        for exact in ["9007199254740992", "-9007199254740992", "10000000000000000000", "12345678901234567000"]
        {
            assert!(parse(exact).is_ok(), "{exact}");
        }
        for inexact in ["9007199254740993", "-9007199254740993", "18446744073709551615"] {
            let column = inexact.len();
            assert_eq!(parse(inexact), Err(JsonError::InexactNumber { line: 1, column }), "{inexact}");
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for (text, column) in
            [("", 0), ("1 2", 3), ("{}x", 3), ("1e999", 5), (r#""\ud800""#, 8), ("NaN", 1), ("[1,]", 4)]
        {
            assert_eq!(parse(text), Err(JsonError::Syntax { line: 1, column }), "{text}");
        }
        assert_eq!(parse_json(b"\"\xff\"", LIMITS), Err(JsonError::Syntax { line: 1, column: 2 }));
    }
}
