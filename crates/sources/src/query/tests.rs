//! Tests of the language: what each form compiles to, and what is refused.

use std::collections::BTreeMap;

use super::*;
use crate::template::Template;

fn view() -> View {
    let columns = [
        ("day", ColumnType::Date),
        ("id", ColumnType::Number),
        ("note", ColumnType::Text),
        ("patient_id", ColumnType::Number),
    ];
    let columns: BTreeMap<_, _> = columns.map(|(name, kind)| (name.to_owned(), kind)).into();
    View {
        name: "visits".to_owned(),
        table: "encounter_info".to_owned(),
        patient: "patient_id".to_owned(),
        template: Template::new(serde_json::json!({}), &columns).unwrap(),
        columns,
        query: Query::parse("visits").unwrap(),
    }
}

fn compiled(text: &str) -> Result<Statement, QueryError> {
    Query::parse(text)?.compile(&view(), "7")
}

const START: &str =
    r#"SELECT "day", "id", "note", "patient_id" FROM "encounter_info" WHERE "patient_id" COLLATE BINARY = ?"#;

#[test]
fn every_form_becomes_sql_with_bound_values() {
    use Parameter::{Integer, Real, Text};
    let text = |text: &str| Text(text.to_owned());
    let cases: [(&str, &str, Vec<Parameter>); 9] = [
        ("visits", "", vec![]),
        ("visits where id = 3", r#" AND ("id" = ?)"#, vec![Integer(3)]),
        ("visits WHERE id >= -2.5", r#" AND ("id" >= ?)"#, vec![Real(-2.5)]),
        ("visits where note != 'it''s; --'", r#" AND ("note" <> ?)"#, vec![text("it's; --")]),
        (
            "visits where day<'2020-01' and not(id in (1,2) or note is null)",
            r#" AND (("day" < ?) AND (NOT (("id" IN (?, ?)) OR ("note" IS NULL))))"#,
            vec![text("2020-01"), Integer(1), Integer(2)],
        ),
        ("visits where note is not null", r#" AND (NOT ("note" IS NULL))"#, vec![]),
        ("visits order by day desc", r#" ORDER BY "day" DESC"#, vec![]),
        ("visits order by id limit 5", r#" ORDER BY "id" ASC LIMIT ?"#, vec![Integer(5)]),
        ("visits where id=1 or id=2", r#" AND (("id" = ?) OR ("id" = ?))"#, vec![Integer(1), Integer(2)]),
    ];
    for (query, rest, parameters) in cases {
        let statement = compiled(query).unwrap();
        assert_eq!(statement.sql, format!("{START}{rest}"), "{query}");
        assert_eq!(statement.parameters, [vec![Integer(7)], parameters].concat(), "{query}");
    }
}

#[test]
fn an_id_that_is_none_in_this_database_matches_nothing() {
    for patient in ["seven", "07", "7 or 1=1", "", "9999999999999999999"] {
        let statement = Query::parse("visits").unwrap().compile(&view(), patient).unwrap();
        assert_eq!((statement.sql.ends_with(" WHERE 0"), statement.parameters), (true, vec![]), "{patient}");
    }
}

#[test]
fn refuses_what_is_not_of_this_language() {
    let unexpected = |query: &str, expected: &'static str, found: &str, at: usize| {
        let error = QueryError::Unexpected { expected, found: found.to_owned(), at };
        assert_eq!(compiled(query), Err(error), "{query}");
    };
    unexpected("", "a view", "", 0);
    unexpected("visits;", "the end", ";", 6);
    unexpected("visits where", "a column", "", 12);
    unexpected("visits where id", "a comparison", "", 15);
    unexpected("visits where id = ", "a text or a number", "", 18);
    unexpected("visits where id = id", "a text or a number", "id", 18);
    unexpected("visits where id = 1 union", "the end", "union", 20);
    unexpected("visits where id = 1 -- x", "the end", "-", 20);
    unexpected("visits where id == 1", "a text or a number", "=", 17);
    unexpected("visits where length(note) = 1", "a comparison", "(", 19);
    unexpected("visits where (id = 1", "\")\"", "", 20);
    unexpected("visits where note = 'open", "a closing quote", "", 25);
    unexpected("visits where id in ()", "a text or a number", ")", 20);
    unexpected("visits limit 0", "a count", "0", 13);
    unexpected("visits order id", "\"by\"", "id", 13);
    unexpected("visits where note = \u{2019}x\u{2019}", "a text or a number", "\u{2019}", 20);
}

#[test]
fn refuses_other_views_columns_and_types() {
    let view = || "visits".to_owned();
    assert_eq!(
        compiled("patients"),
        Err(QueryError::View { expected: view(), found: "patients".to_owned() })
    );
    for query in
        ["visits where secret = 1", "visits order by secret", "visits where Id = 1 or secret is null"]
    {
        assert!(matches!(compiled(query), Err(QueryError::Column { .. })), "{query}");
    }
    for query in ["visits where id = '1'", "visits where note = 1", "visits where day = 'yesterday'"] {
        assert!(matches!(compiled(query), Err(QueryError::Type { .. })), "{query}");
    }
}

#[test]
fn refuses_what_is_too_long_or_too_deep() {
    let long = format!("visits where note = '{}'", "x".repeat(5_000));
    assert_eq!(compiled(&long), Err(QueryError::TooLong { limit: 4096, found: long.len() }));
    let deep = |depth: usize| format!("visits where {}id = 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(compiled(&deep(15)).is_ok());
    assert_eq!(compiled(&deep(16)), Err(QueryError::TooDeep { limit: 16 }));
}
