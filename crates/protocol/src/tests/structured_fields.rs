//! The HTTP working group's tests of structured fields, on the parser that reads `signature-input`.

use serde::Deserialize;
use sfv::{Dictionary, FieldType, Item, List, Parser};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[derive(Deserialize)]
struct Case {
    name: String,
    raw: Vec<String>,
    header_type: Kind,
    #[serde(default)]
    must_fail: bool,
    #[serde(default)]
    can_fail: bool,
    /// The field as it is written from what was read; as `raw` where it is missing.
    canonical: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Item,
    List,
    Dictionary,
}

impl Case {
    /// Reads the field and writes it again; a list or dictionary without members is no field.
    fn rewrite(&self) -> Result<Option<String>, sfv::Error> {
        let raw = self.raw.join(", ");
        let parser = Parser::new(&raw);
        Ok(match self.header_type {
            Kind::Item => Some(parser.parse::<Item>()?.serialize()),
            Kind::List => parser.parse::<List>()?.serialize(),
            Kind::Dictionary => parser.parse::<Dictionary>()?.serialize(),
        })
    }
}

#[test]
fn structured_fields_are_read_as_the_working_group_says() {
    macro_rules! vectors {
        ($($name:literal),*) => {
            [$(include_str!(concat!("../../../../tests/vectors/structured-fields/", $name, ".json"))),*]
        };
    }
    let mut counts = [0, 0];
    for file in vectors![
        "binary",
        "boolean",
        "date",
        "dictionary",
        "display-string",
        "examples",
        "item",
        "key-generated",
        "list",
        "listlist",
        "number",
        "number-generated",
        "param-dict",
        "param-list",
        "param-listlist",
        "string",
        "string-generated",
        "token",
        "token-generated"
    ] {
        let cases: Vec<Case> = serde_json::from_str(file).unwrap();
        for case in cases {
            let found = case.rewrite();
            counts[usize::from(found.is_ok())] += 1;
            if found.is_err() && (case.must_fail || case.can_fail) {
                continue;
            }
            let expected = case.canonical.as_ref().unwrap_or(&case.raw);
            let expected = (!expected.is_empty()).then(|| expected.join(", "));
            assert!(!case.must_fail, "{}: {found:?}", case.name);
            assert_eq!(found.ok(), Some(expected), "{}", case.name);
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), 1540);
}
