//! Lies about which answer belongs to which request.

use serde_json::{Value, json};

use super::{EVERY, Kind, Lie};

/// What is wrong with the ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchLie {
    DuplicateAnswer,
    ReversedBatch,
    ShortBatch,
    SwappedBatch,
    WrongId,
}

const fn lie(name: &'static str, lie: BatchLie, doc: &'static str) -> Lie {
    Lie { name, doc, schemes: EVERY, kind: Kind::Batch(lie) }
}

pub(super) const LIES: [Lie; 5] = [
    lie("duplicate-answer", BatchLie::DuplicateAnswer, "Gives the last answer to a batch twice."),
    lie(
        "reversed-batch",
        BatchLie::ReversedBatch,
        "Gives the true answers to a batch in reverse order: harmless, to be accepted.",
    ),
    lie("short-batch", BatchLie::ShortBatch, "Leaves the last answer to a batch out."),
    lie("swapped-batch", BatchLie::SwappedBatch, "Gives each request of a batch the result of the next one."),
    lie("wrong-id", BatchLie::WrongId, "Gives every answer an id that no request had."),
];

impl BatchLie {
    /// Spoils one answer, or those to a batch.
    pub(super) fn spoil(self, mut answer: Value) -> Value {
        match (self, answer.as_array_mut()) {
            (Self::DuplicateAnswer, Some(answers)) => answers.extend(answers.last().cloned()),
            (Self::ReversedBatch, Some(answers)) => answers.reverse(),
            (Self::ShortBatch, Some(answers)) => {
                answers.pop();
            }
            (Self::SwappedBatch, Some(answers)) => swap(answers),
            (Self::WrongId, Some(answers)) => answers.iter_mut().for_each(rename),
            (Self::WrongId, None) => rename(&mut answer),
            _ => {}
        }
        answer
    }
}

fn swap(answers: &mut [Value]) {
    let mut ids: Vec<Value> =
        answers.iter().map(|answer| answer.get("id").cloned().unwrap_or_default()).collect();
    if !ids.is_empty() {
        ids.rotate_right(1);
    }
    for (answer, id) in answers.iter_mut().zip(ids) {
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("id".to_owned(), id);
        }
    }
}

fn rename(answer: &mut Value) {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("id".to_owned(), json!("another"));
    }
}
