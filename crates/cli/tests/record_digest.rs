//! Tests of `medrec record digest`: the built program on files of every shape.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use std::path::PathBuf;
use std::process::Command;

/// `{"id":"a","resourceType":"Condition"}` and the same of `b`, by coreutils' `sha256sum`.
const A: &str = "0x3f7dbe597353a54616ff69db3a74e597dd86c34be4608dd39c57fe40c3054c45";
const B: &str = "0xe7400f702db0d87139fa5681435fb7f3aa05ae8979ee0be1cd3e74d7b0df9e3f";

/// A fresh folder with one file, in which the program runs.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("medrec-record-{name}-{}", std::process::id()));
        let _former = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, file: &str, content: &str) -> Self {
        std::fs::write(self.0.join(file), content).unwrap();
        self
    }

    /// Exit code, stdout, stderr.
    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_medrec"))
            .current_dir(&self.0)
            .args(["record", "digest"])
            .args(args)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

#[test]
fn a_resource_is_one_line_however_it_is_written() {
    let folder = Folder::new("one").with("plain.json", r#"{"id":"a","resourceType":"Condition"}"#).with(
        "pretty.json",
        "{\n \"resourceType\": \"Condition\",\r\n \"meta\": {},\n \"text\": {},\n\n \"id\": \"a\"\n}\n",
    );
    let expected = format!("{A}  plain.json  Condition/a\n{A}  pretty.json  Condition/a\n");
    assert_eq!(folder.run(&["plain.json", "pretty.json"]), (Some(0), expected, String::new()));
}

#[test]
fn a_bundle_and_ndjson_are_one_line_for_each_resource() {
    let (a, b) = (r#"{"resourceType":"Condition","id":"a"}"#, r#"{"resourceType":"Condition","id":"b"}"#);
    let folder = Folder::new("many")
        .with(
            "bundle",
            &format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{a}}},{{"resource":{b}}}]}}"#),
        )
        .with("lines", &format!("{a}\r\n{b}\n"));
    let lines = |file| format!("{A}  {file}#0  Condition/a\n{B}  {file}#1  Condition/b\n");
    let expected = format!("{}{}", lines("bundle"), lines("lines"));
    assert_eq!(folder.run(&["bundle", "lines"]), (Some(0), expected, String::new()));
}

#[test]
fn what_is_no_record_is_named_with_its_reason_and_the_rest_is_printed() {
    let folder = Folder::new("errors")
        .with("good", r#"{"resourceType":"Condition","id":"a"}"#)
        .with("broken", "{\n\"resourceType\":")
        .with("empty", r#"{"resourceType":"Bundle","type":"searchset"}"#)
        .with(
            "bundle",
            r#"{"resourceType":"Bundle","entry":[{"request":{}},{"resource":{"resourceType":"Condition","id":"b"}}]}"#,
        )
        .with(
            "lines",
            "{\"resourceType\":\"Condition\",\"id\":\"a\",\"id\":\"b\"}\n{\"resourceType\":\"Condition\",\"id\":\"b\"}\n[]\n",
        );
    let (code, out, err) = folder.run(&["missing", "broken", "empty", "bundle", "lines", "good"]);
    assert_eq!(code, Some(1));
    let expected = format!("{B}  bundle#1  Condition/b\n{B}  lines#1  Condition/b\n{A}  good  Condition/a\n");
    assert_eq!(out, expected);
    let failures: Vec<&str> = err.lines().collect();
    assert!(failures[0].starts_with("missing: cannot be read: "), "{err}");
    assert_eq!(
        failures[1..],
        [
            "broken: not JSON at line 2, column 15",
            "empty: the Bundle has no entries",
            "bundle#0: the entry of the Bundle has no resource",
            "lines#0: record: two members of one name at line 1, column 41",
            "lines#2: the record is not a JSON object",
        ]
    );
}

#[test]
fn says_how_it_is_used() {
    let folder = Folder::new("usage");
    for args in [&[][..], &["--help"]] {
        let (code, out, err) = folder.run(args);
        assert_eq!((code, out), (Some(2), String::new()));
        assert!(err.contains("medrec record digest FILE..."), "{err}");
        assert!(err.contains("not yet salted"), "{err}");
    }
}
