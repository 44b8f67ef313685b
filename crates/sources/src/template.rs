//! Templates: a FHIR resource with the names of columns where their values belong.
//!
//! `"{column}"` alone stands for the value as it is, and what has none is left out; within a longer text it stands for the
//! value's text. Braces mean nothing else.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::database::Row;
use crate::mapping::ColumnType;

/// A checked template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Value);

impl Template {
    pub(crate) fn new(value: Value, columns: &BTreeMap<String, ColumnType>) -> Result<Self, TemplateError> {
        check(&value, columns)?;
        Ok(Self(value))
    }

    pub(crate) fn resource_type(&self) -> Option<&str> {
        self.0.get("resourceType").and_then(Value::as_str)
    }

    /// The resource of one row.
    #[must_use]
    pub fn fill(&self, row: &Row) -> Value {
        filled(&self.0, row).unwrap_or(Value::Null)
    }
}

/// A value without the parts that have no value in this row; `None` if nothing is left.
fn filled(template: &Value, row: &Row) -> Option<Value> {
    match template {
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().filter_map(|item| filled(item, row)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(members) => {
            let members: Map<String, Value> = members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), member(name, filled(value, row)?))))
                .collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        Value::String(text) => filled_text(text, row),
        other => Some(other.clone()),
    }
}

/// An id is a text in FHIR, whatever it is in the database.
fn member(name: &str, value: Value) -> Value {
    match value {
        Value::Number(number) if name == "id" => Value::String(number.to_string()),
        other => other,
    }
}

fn filled_text(text: &str, row: &Row) -> Option<Value> {
    // Checked when the template was made.
    let parts = parts(text).ok()?;
    if let [Part::Column(column)] = *parts {
        let value = row.get(column)?;
        return (!value.is_null()).then(|| value.clone());
    }
    let mut filled = String::new();
    for part in parts {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Column(column) => match row.get(column)? {
                Value::Null => return None,
                Value::String(text) => filled.push_str(text),
                other => filled.push_str(&other.to_string()),
            },
        }
    }
    Some(Value::String(filled))
}

fn check(value: &Value, columns: &BTreeMap<String, ColumnType>) -> Result<(), TemplateError> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check(item, columns)),
        Value::Object(members) => members.values().try_for_each(|member| check(member, columns)),
        Value::String(text) => parts(text)?.into_iter().try_for_each(|part| match part {
            Part::Column(column) if !columns.contains_key(column) => {
                Err(TemplateError::Column { found: column.to_owned() })
            }
            _ => Ok(()),
        }),
        _ => Ok(()),
    }
}

#[derive(Debug, PartialEq)]
enum Part<'a> {
    Column(&'a str),
    Text(&'a str),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let unclosed = || TemplateError::Brace { text: text.to_owned() };
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (column, next) = after.split_once('}').ok_or_else(unclosed)?;
        if before.contains('}') || column.contains('{') {
            return Err(unclosed());
        }
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        parts.push(Part::Column(column));
        rest = next;
    }
    if rest.contains('}') {
        return Err(unclosed());
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// Why a template was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its other half.
    #[error("a brace stands alone in {text:?}")]
    Brace {
        /// The text.
        text: String,
    },
    /// A column that the view does not have.
    #[error("the template names the column {found}, which the view does not declare")]
    Column {
        /// The name.
        found: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn puts_values_in_and_leaves_out_what_has_none() {
        let columns: BTreeMap<_, _> = ["a", "b", "c"].map(|name| (name.to_owned(), ColumnType::Text)).into();
        let template = Template::new(
            json!({"id": "{a}", "x": "x-{a}", "n": "{a}", "t": "{b}", "deep": [{"v": "{c}"}], "both": "{a}{c}", "k": 1, "e": ""}),
            &columns,
        )
        .unwrap();
        let row = Row::from([
            ("a".to_owned(), json!(7)),
            ("b".to_owned(), json!("{a} \"' <b>")),
            ("c".to_owned(), Value::Null),
        ]);
        assert_eq!(
            template.fill(&row),
            json!({"id": "7", "x": "x-7", "n": 7, "t": "{a} \"' <b>", "k": 1, "e": ""})
        );
    }

    #[test]
    fn refuses_lone_braces_and_unknown_columns() {
        for text in ["{", "}", "{a", "a}", "{a}}", "{{a}"] {
            let found = Template::new(json!([text]), &BTreeMap::new());
            assert_eq!(found, Err(TemplateError::Brace { text: text.to_owned() }), "{text}");
        }
        let unknown = Err(TemplateError::Column { found: "z".to_owned() });
        assert_eq!(Template::new(json!({"a": {"b": "{z}"}}), &BTreeMap::new()), unknown);
    }
}
