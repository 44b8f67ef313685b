use super::*;

fn answers(body: &str, count: usize) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
    decode_answers(body.as_bytes(), count)
}

fn wrong(what: &'static str, expected: &str, found: &str) -> RpcError {
    RpcError::Shape { what, expected: expected.to_owned(), found: found.to_owned() }
}

#[test]
fn reads_one_answer_that_is_not_a_batch() {
    assert_eq!(answers(r#"{"jsonrpc":"2.0","id":1,"result":"0x7"}"#, 1), Ok(vec![Ok(json!("0x7"))]));
    assert_eq!(answers(r#"{"id":1,"result":null,"error":null}"#, 1), Ok(vec![Ok(Value::Null)]));
}

#[test]
fn puts_the_answers_of_a_batch_in_the_order_of_the_questions() {
    let body = r#"[{"id":2,"result":2},{"id":3,"error":{"code":-32000,"message":"no"}},{"id":1,"result":1}]"#;
    let refused = RpcError::Refused { code: -32000, message: "no".to_owned() };
    assert_eq!(answers(body, 3), Ok(vec![Ok(json!(1)), Ok(json!(2)), Err(refused)]));
}

#[test]
fn a_batch_refused_as_a_whole_is_a_refusal() {
    let body = r#"{"id":null,"error":{"code":-32600,"message":"batch too large"}}"#;
    let error = RpcError::Refused { code: -32600, message: "batch too large".to_owned() };
    assert_eq!(answers(body, 2), Err(error));
}

#[test]
fn refuses_answers_that_are_not_one_for_each_question() {
    let cases = [
        (r"7", 1, wrong("answer", "a JSON-RPC answer", "7")),
        (r#"[{"id":1,"result":1}]"#, 1, wrong("answer", "a JSON-RPC answer", r#"[{"id":1,"result":1}]"#)),
        (r#"{"id":1,"result":1}"#, 2, wrong("answer", "a JSON-RPC answer", r#"{"id":1,"result":1}"#)),
        (r#"[{"id":1,"result":1}]"#, 2, wrong("answers", "2", "1")),
        (r#"[{"id":1,"result":1},{"id":1,"result":2}]"#, 2, wrong("id", "one asked for, once", "1")),
        (r#"[{"id":1,"result":1},{"id":3,"result":2}]"#, 2, wrong("id", "one asked for, once", "3")),
        (r#"[{"id":0,"result":1},{"id":2,"result":2}]"#, 2, wrong("id", "one asked for, once", "0")),
        (r#"{"id":"1","result":1}"#, 1, wrong("id", "one asked for, once", "\"1\"")),
        (r#"{"result":1}"#, 1, wrong("id", "one asked for, once", "null")),
        (r"[1,2]", 2, wrong("id", "one asked for, once", "null")),
    ];
    for (body, count, error) in cases {
        assert_eq!(answers(body, count), Err(error), "{body}");
    }
    assert_eq!(answers(r#"{"id":1}"#, 1), Ok(vec![Err(wrong("answer", "result or error", "neither"))]));
    assert_eq!(answers("<html>", 1), Err(JsonError::Syntax { line: 1, column: 1 }.into()));
    let deep = JsonError::TooDeep { limit: 32, line: 1, column: 33 };
    assert_eq!(answers(&"[".repeat(100_000), 1), Err(deep.into()));
    let twice = JsonError::DuplicateName { line: 1, column: 27 };
    assert_eq!(answers(r#"{"id":1,"result":1,"result":2}"#, 1), Err(twice.into()));
}

#[test]
fn quotes_a_nodes_words_short_and_printable() {
    let body = json!({"id": 1, "error": {"code": 1, "message": format!("\u{1b}[31m{}", "ä".repeat(500))}});
    let Ok(found) = answers(&body.to_string(), 1) else { panic!("an answer") };
    let message = format!("?[31m{}", "?".repeat(115));
    assert_eq!(found, vec![Err(RpcError::Refused { code: 1, message })]);
}
