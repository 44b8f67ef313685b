//! The same block as several nodes serve it, and answers made to be refused.

use lightclient::Header;

use super::chain::{Chain, Judged};
use super::proofs;
use super::recording::{NegativeCase, Variant, VariantContent};
use super::report::{Report, said};

/// Verifies that each variant is a valid header with the hash of its block.
pub(crate) fn verify_variants(chain: &Chain<'_>, report: &mut Report) {
    for (index, variant) in chain.recording.variants.iter().enumerate() {
        let result = judge_variant(chain, variant);
        report.variants.count(result.is_ok());
        if let Err(failure) = result {
            report.fail(format!("variant {index}, of block {}: {failure}", variant.number));
        }
    }
}

fn judge_variant(chain: &Chain<'_>, variant: &Variant) -> Result<(), String> {
    let Some(block) = chain.at(variant.number) else {
        return Err("expected a verified header, found none".to_owned());
    };
    let header = match &variant.content {
        VariantContent::ExtraData(extra_data) => {
            Header { extra_data: extra_data.clone(), ..block.raw().clone() }
        }
        VariantContent::HeaderRlp(rlp) => Header::decode(rlp).map_err(|error| said(&error))?,
    };
    let found = judge_at(chain, variant.number, &header)?.hash();
    for expected in [block.hash(), variant.hash.unwrap_or(block.hash())] {
        if found != expected {
            return Err(format!("hash: expected {expected}, found {found}"));
        }
    }
    Ok(())
}

/// Judges a header as that at `number`, after the recorded one before it.
fn judge_at(chain: &Chain<'_>, number: u64, header: &Header) -> Result<Judged, String> {
    let index = chain.index_of(number).filter(|index| *index <= chain.len());
    let index = index.ok_or("expected a verified header before it, found none")?;
    chain.judge(index, header).map_err(|error| said(&error))
}

/// Judges each negative case: refused if it must be, accepted if not.
pub(crate) fn verify_negatives(chain: &Chain<'_>, report: &mut Report) {
    for negative in &chain.recording.negatives {
        let (parent, result) = match &negative.case {
            NegativeCase::Header { parent, rlp } => {
                let header = Header::decode(rlp).map_err(|error| said(&error));
                let judged = header.and_then(|header| judge_at(chain, parent.saturating_add(1), &header));
                (*parent, judged.map(drop))
            }
            NegativeCase::Proof(proof) => {
                let judged = proofs::judge(chain, proof).map_err(|error| said(&error));
                (proof.block, judged.map(drop))
            }
        };
        // A question about a header that is not there is not refused for what the answer is.
        let is_asked = chain.at(parent).is_some();
        let holds = is_asked && result.is_err() == negative.must_reject;
        report.negatives.count(holds);
        if holds {
            continue;
        }
        let expected = if negative.must_reject { "a refusal" } else { "acceptance" };
        let found = match result {
            _ if !is_asked => format!("no verified header {parent}"),
            Ok(()) => "acceptance".to_owned(),
            Err(error) => format!("a refusal: {error}"),
        };
        report.fail(format!("negative {}: expected {expected}, found {found}", negative.name));
    }
}
