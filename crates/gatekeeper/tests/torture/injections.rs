//! Q12: no query, however hostile, brings another patient's row or changes anything.

use records::record::record_digest;
use rusqlite::Connection;
use sources::{Database, Mapping, Query, Row};

use crate::{Choices, Dose, Line};

const SCHEMA: &str = include_str!("../../../../tests/data/hospital/hospital.sql");
const MAPPING: &str = include_str!("../../../../tests/data/hospital/hospital.toml");

pub(crate) fn run(folder: &std::path::Path, dose: Dose) -> Line {
    let path = folder.join("hospital.sqlite");
    Connection::open(&path).unwrap().execute_batch(SCHEMA).unwrap();
    let before = record_digest(&std::fs::read(&path).unwrap());
    let mapping = Mapping::parse(MAPPING, folder).unwrap();
    let mut database = Database::open(&path).unwrap();
    let mut choices = dose.choices();
    let mut line = Line {
        figure: "Q12",
        broken: 0,
        attempts: dose.of(100_000),
        what: "queries brought another patient's row, or wrote",
    };
    let mut rows_read = 0_u64;
    for _ in 0..line.attempts {
        let view = &mapping.views[choices.below(mapping.views.len())];
        let text = hostile(&view.name, &mut choices);
        let patient = ["1", "2", "10"][choices.below(3)];
        let Ok(statement) = Query::parse(&text).and_then(|query| query.compile(view, patient)) else {
            continue;
        };
        let Ok(rows) = database.rows(&statement) else { continue };
        rows_read += rows.len() as u64;
        let is_foreign = |row: &Row| row[&view.patient].to_string().trim_matches('"') != patient;
        line.broken += u64::from(rows.iter().any(is_foreign));
    }
    assert!(rows_read > 0, "no query was good, so nothing was tried");
    assert_eq!(record_digest(&std::fs::read(&path).unwrap()), before, "the database was changed");
    line
}

/// A query in parts of which some belong to the language and some to an attack.
fn hostile(view: &str, choices: &mut Choices) -> String {
    let mut text = format!("{} where ", if choices.below(20) == 0 { "patients" } else { view });
    for _ in 0..=choices.below(6) {
        text.push_str(PARTS[choices.below(PARTS.len())]);
        if choices.below(4) > 0 {
            text.push(' ');
        }
    }
    // Now and then anything at all.
    if choices.below(5) == 0 {
        let at = text.char_indices().map(|(at, _)| at).nth(choices.below(text.chars().count())).unwrap();
        text.insert(at, char::from_u32(u32::try_from(choices.below(0x3000)).unwrap()).unwrap_or('\''));
    }
    text
}

/// Words of the language, and what breaks out of other ones.
const PARTS: [&str; 56] = [
    "id = 1",
    "patient_id = 2",
    "patient_id != 1",
    "id >= 0",
    "id in (1, 2, 3)",
    "not id = 1",
    "not (id is null)",
    "reason = 'x'",
    "title is not null",
    "secret = 'internal remark'",
    "secret is null",
    "and",
    "or",
    "or id > 0",
    "or patient_id = 2",
    "(",
    ")",
    "order by id",
    "order by id desc",
    "limit 1",
    "limit 99999",
    "'",
    "''",
    "' or '1'='1",
    "' or 1=1 --",
    "\"",
    "\" or \"\"=\"",
    "1=1",
    "or 1=1",
    "or true",
    ";",
    "; drop table patient_info",
    "; delete from document_info",
    "; update patient_info set sex = ''",
    "union select * from patient_info",
    "union all select id, patient_id, secret, 1 from document_info",
    "--",
    "/*",
    "*/",
    "/**/or/**/1=1",
    "id = (select 2)",
    "id = id",
    "patient_id = patient_id",
    "exists (select 1)",
    "?",
    "?1",
    ":p",
    "@p",
    "$p",
    "\u{2019} or \u{2019}1\u{2019}=\u{2019}1",
    "id = 1e308",
    "id = -9223372036854775808",
    "glob '*'",
    "like '%'",
    "attach database 'x' as y",
    "pragma query_only = 0",
];
