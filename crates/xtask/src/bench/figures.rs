//! The figures to reach, and whether what was measured reaches them.

use serde_json::{Value, json};

/// One measured number beside what it should be.
#[derive(Debug)]
pub(super) struct Figure {
    /// F1 to F17, as in the list of figures.
    id: &'static str,
    what: String,
    value: f64,
    unit: &'static str,
    better: Better,
    floor: f64,
    /// Some figures have only a floor.
    moonshot: Option<f64>,
    /// Others, or other sides of the same measurement, with their numbers.
    beside: Vec<(String, f64)>,
}

#[derive(Debug, Clone, Copy)]
enum Better {
    Higher,
    Lower,
}

impl Figure {
    fn reaches(&self, goal: f64) -> bool {
        match self.better {
            Better::Higher => self.value >= goal,
            Better::Lower => self.value <= goal,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "floor": self.floor,
            "moonshot": self.moonshot,
            "floor_reached": self.reaches(self.floor),
            "moonshot_reached": self.moonshot.map(|goal| self.reaches(goal)),
            "compared_with": self.beside.iter().map(|(name, value)| json!({"name": name, "value": value})).collect::<Value>(),
        })
    }

    /// The figure as a row of a markdown table.
    pub(super) fn to_row(&self) -> String {
        let sign = match self.better {
            Better::Higher => "≥",
            Better::Lower => "≤",
        };
        let goal = |goal: f64| {
            let reached = if self.reaches(goal) { "reached" } else { "**not reached**" };
            format!("{sign} {}: {reached}", number(goal))
        };
        let beside: Vec<String> =
            self.beside.iter().map(|(name, value)| format!("{name} {}", number(*value))).collect();
        format!(
            "| {} | {} | {} {} | {} | {} | {} |",
            self.id,
            self.what,
            number(self.value),
            self.unit,
            beside.join(", "),
            goal(self.floor),
            self.moonshot.map_or_else(|| "–".to_owned(), goal),
        )
    }
}

/// All figures, from what the page and its driver measured.
pub(super) fn all(measured: &Value) -> Result<Vec<Figure>, String> {
    let mut figures = vec![headers(&measured["headers"])?, accounts(&measured["accounts"])?];
    let syncs = measured["syncs"].as_array().ok_or("no syncs")?;
    for sync in syncs {
        figures.extend(self::sync(sync)?);
    }
    let sizes = &measured["sizes"];
    figures.push(size("F5", "the patient's app", at(sizes, "app")?, 180.0, 120.0));
    figures.push(size(
        "F6",
        "the light client alone: what is measured here",
        at(sizes, "light")?,
        70.0,
        50.0,
    ));
    figures.push(size("F6", "the light client as a package", at(sizes, "chain")?, 70.0, 50.0));
    let mut smaller = None;
    for mapping in measured["mappings"].as_array().ok_or("no mappings")? {
        let figure = growth(mapping, smaller)?;
        smaller = Some(figure.value);
        figures.push(figure);
    }
    figures.push(records(&measured["records"])?);
    Ok(figures)
}

/// What a gatekeeper bears, beside the same handler without signature and seal.
pub(super) fn gatekeeper(measured: &Value) -> Result<Vec<Figure>, String> {
    let rate = at(measured, "readsPerSecond")?;
    let (overload, hostile) = (&measured["overload"], &measured["hostile"]);
    let offered = at(overload, "offered")?;
    Ok(vec![
        Figure {
            id: "F11",
            what: "signed and sealed reads, p99 ≤ 50 ms, load from the same machine".to_owned(),
            value: rate,
            unit: "per second",
            better: Better::Higher,
            floor: 1_500.0,
            moonshot: Some(4_000.0),
            beside: vec![
                pair("without signature and seal", at(measured, "plainPerSecond")?),
                pair("p50 ms", at(measured, "p50Millis")?),
                pair("p99 ms", at(measured, "p99Millis")?),
                pair("% of processor time for the load itself", 100.0 * at(measured, "generatorShare")?),
            ],
        },
        Figure {
            id: "F12",
            what: format!("reads answered within a second while {} a second are asked", number(offered)),
            value: 100.0 * at(overload, "answeredPerSecond")? / rate,
            unit: "% of F11",
            better: Better::Higher,
            floor: 80.0,
            moonshot: Some(95.0),
            beside: vec![pair(
                "% of processor time for the load itself",
                100.0 * at(overload, "generatorShare")?,
            )],
        },
        Figure {
            id: "F13",
            what: format!(
                "memory under {} slow clients and bodies of 1 GiB, at the most",
                number(at(hostile, "clients")?)
            ),
            value: at(hostile, "peakMiB")?,
            unit: "MiB",
            better: Better::Lower,
            floor: 256.0,
            moonshot: Some(96.0),
            beside: vec![pair("bodies refused", at(hostile, "refusedBodies")?)],
        },
    ])
}

fn headers(measured: &Value) -> Result<Figure, String> {
    let rates = &measured["perSecond"];
    let (viem, noble) = (at(rates, "viem")?, at(rates, "noble")?);
    let value = at(rates, "together")?;
    Ok(Figure {
        id: "F1",
        what: "QBFT headers in a row verified, 4 validators, 3 seals".to_owned(),
        value,
        unit: "per second",
        better: Better::Higher,
        floor: 4.5 * viem,
        moonshot: Some(20.0 * viem),
        beside: vec![
            pair("viem", viem),
            pair("noble", noble),
            pair("times viem", value / viem),
            pair("one by one, keys recovered", at(rates, "oneByOne")?),
        ],
    })
}

fn accounts(measured: &Value) -> Result<Figure, String> {
    let rates = &measured["perSecond"];
    let (value, mpt) = (at(rates, "ours")?, at(rates, "mpt")?);
    Ok(Figure {
        id: "F2",
        what: "account proofs verified, 100,000 accounts".to_owned(),
        value,
        unit: "per second",
        better: Better::Higher,
        floor: 18.0 * mpt,
        moonshot: Some(30.0 * mpt),
        beside: vec![pair("@ethereumjs/mpt", mpt), pair("times @ethereumjs/mpt", value / mpt)],
    })
}

/// F3 without a change of validators, F4 with some.
fn sync(measured: &Value) -> Result<Vec<Figure>, String> {
    let (changes, blocks) = (at(measured, "replacements")?, at(measured, "blocks")?);
    let (requests, headers) = (at(measured, "requests")?, at(measured, "headersServed")?);
    let (millis, first) = (at(measured, "millis")?, at(measured, "firstMillis")?);
    let place = measured["place"].as_str().ok_or("a sync without a place")?;
    let figure = |id, what, value, unit, floor, moonshot, beside| Figure {
        id,
        what,
        value,
        unit,
        better: Better::Lower,
        floor,
        moonshot: Some(moonshot),
        beside,
    };
    let sync = format!("sync over {} blocks, ", number(blocks));
    if changes == 0.0 {
        let what = sync + "validators unchanged";
        return Ok(vec![
            figure("F3", what.clone(), requests, "requests", 4.0, 2.0, vec![]),
            figure("F3", what, millis, "ms of CPU", 50.0, 15.0, vec![pair("first run", first)]),
        ]);
    }
    // The checkpoint and the head are no steps on the way.
    let floor = 2.0 + (changes * blocks.log2()).ceil();
    let what = format!("{sync}{changes} validators replaced, {place}");
    let beside = vec![pair("requests", requests), pair("ms of CPU", millis)];
    Ok(vec![figure("F4", what, headers, "headers", floor, changes + 2.0, beside)])
}

fn size(id: &'static str, what: &str, bytes: f64, floor: f64, moonshot: f64) -> Figure {
    Figure {
        id,
        what: format!("{what}, wasm and glue after brotli"),
        value: bytes / 1000.0,
        unit: "kB",
        better: Better::Lower,
        floor,
        moonshot: Some(moonshot),
        beside: vec![],
    }
}

fn records(measured: &Value) -> Result<Figure, String> {
    Ok(Figure {
        id: "F10",
        what: format!("record set of {} verified, none left out", number(at(measured, "count")?)),
        value: at(measured, "millis")?,
        unit: "ms",
        better: Better::Lower,
        floor: 400.0,
        moonshot: Some(150.0),
        beside: vec![
            pair("first run", at(measured, "firstMillis")?),
            pair("MB of answer", at(measured, "bytes")? / 1e6),
        ],
    })
}

/// Logarithmic: ten times the entries add no more than one full branch node to a proof.
fn growth(measured: &Value, smaller: Option<f64>) -> Result<Figure, String> {
    Ok(Figure {
        id: "F17",
        what: format!("proof of one relationship among {}", number(at(measured, "entries")?)),
        value: at(measured, "bytes")?,
        unit: "bytes",
        better: Better::Lower,
        floor: smaller.map_or(LEVELS_OF_A_THOUSAND * FULL_BRANCH_BYTES, |bytes| bytes + FULL_BRANCH_BYTES),
        moonshot: None,
        beside: vec![pair("nodes", at(measured, "nodes")?), pair("µs", 1e6 / at(measured, "perSecond")?)],
    })
}

fn at(measured: &Value, name: &str) -> Result<f64, String> {
    measured[name].as_f64().ok_or_else(|| format!("{name} was not measured"))
}

fn pair(name: &str, value: f64) -> (String, f64) {
    (name.to_owned(), value)
}

/// Whole numbers from 100 on, with thousands apart; one digit behind the point below, unless it is zero.
fn number(value: f64) -> String {
    if value < 100.0 && (value.fract() * 10.0).round() % 10.0 != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// RLP of a branch node with sixteen children.
const FULL_BRANCH_BYTES: f64 = 532.0;
/// log16(1,000), rounded up, and the leaf.
const LEVELS_OF_A_THOUSAND: f64 = 4.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_people_read_them() {
        let written: Vec<String> =
            [0.0, 0.04, 4.25, 18.0, 99.96, 427.4, 1_725.0, 10_000_000.0].map(number).into();
        assert_eq!(written, ["0", "0", "4.2", "18", "100", "427", "1,725", "10,000,000"]);
    }

    #[test]
    fn tells_reached_from_not_reached_in_both_directions() {
        let figure = |better, value| Figure {
            id: "F0",
            what: String::new(),
            value,
            unit: "",
            better,
            floor: 10.0,
            moonshot: Some(20.0),
            beside: vec![],
        };
        let reached = |figure: &Figure| (figure.reaches(10.0), figure.reaches(20.0));
        assert_eq!(reached(&figure(Better::Higher, 15.0)), (true, false));
        assert_eq!(reached(&figure(Better::Lower, 15.0)), (false, true));
    }
}
