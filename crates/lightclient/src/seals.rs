//! One block, sealed by some for one node and by others for the next: the seals that several nodes hold, joined.
//!
//! In the Istanbul family the seals are not in the block hash, and each node keeps those that reached it first. A
//! header from one node may therefore have fewer seals of the validators we trust than are known to exist; the seals
//! of several nodes together carry a client further in one skip.
//!
//! Defends against nodes that mix in seals of nobody, of strangers, of another round or another block, a seal twice, or
//! a seal's twin: none of them can make the result worse than the header alone.
//! **Not checked**: whether the seals are enough, which is for [`verify_header`](crate::verify_header); and who may seal
//! where a contract says so.

use alloy_primitives::{Address, B256};

use crate::{
    ChainRules, Header, SealScheme, Signature, ValidatorSet, bft::ExtraData, signature::recover_signer,
};

/// A copy of `header` that has all valid seals of `header` and of those `others` that are the same block, sealed in the
/// same round: one for each signer, those of `header` first.
///
/// A seal is valid if it is somebody's, and a validator's where the header names the validators. Where a contract
/// holds them, seals of strangers stay, so that the copy may be refused although `header` alone would not be. A Clique
/// header, and one that cannot be read, is copied as it is.
pub fn unite_seals(header: &Header, others: &[Header], rules: &ChainRules) -> Header {
    let Some(own) = Sealed::read(header, rules) else { return header.clone() };
    let same =
        others.iter().filter_map(|other| Sealed::read(other, rules)).filter(|other| other.is_same(&own));
    let mut united =
        United { digest: own.extra.commit_digest(header, own.hash), signers: vec![], seals: vec![] };
    for sealed in core::iter::once(&own).chain(&same.collect::<Vec<_>>()) {
        united.add(&sealed.extra);
    }
    Header { extra_data: own.extra.with_seals(&united.seals).into(), ..header.clone() }
}

/// A header of the Istanbul family that can be read.
struct Sealed<'h> {
    extra: ExtraData<'h>,
    hash: B256,
}

impl<'h> Sealed<'h> {
    fn read(header: &'h Header, rules: &ChainRules) -> Option<Self> {
        let scheme = rules.schedule.at(header.number).scheme;
        if scheme == SealScheme::Clique {
            return None;
        }
        header.check_shape().ok()?;
        let extra = ExtraData::decode(header, scheme).ok()?;
        let hash = extra.block_hash(header);
        Some(Self { extra, hash })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.hash == other.hash && self.extra.round() == other.extra.round()
    }
}

/// The seals found so far, with who made each.
struct United {
    digest: B256,
    signers: Vec<Address>,
    seals: Vec<Signature>,
}

impl United {
    fn add(&mut self, extra: &ExtraData<'_>) {
        // No block needs more seals than validators: nobody makes us recover more than that for one header.
        let most = extra.validators.as_ref().map_or(usize::MAX, ValidatorSet::len);
        let fresh: Vec<Signature> =
            extra.seals.iter().filter(|seal| !self.seals.contains(seal)).take(most).copied().collect();
        for seal in fresh {
            let Ok(signer) = recover_signer(self.digest, &seal) else { continue };
            let is_validator = extra.validators.as_ref().is_none_or(|set| set.contains(&signer));
            if is_validator && !self.signers.contains(&signer) {
                self.signers.push(signer);
                self.seals.push(seal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Draft, GENESIS_TIME, RULES, address, keys, sign, twin, verified_genesis};
    use crate::{Asked, Evidence, VerifyError, verify_header};

    #[test]
    fn two_nodes_with_too_few_seals_have_enough_together() {
        let keys = keys(4);
        let genesis = verified_genesis(&Draft::genesis(&keys));
        let draft = Draft::after(&genesis, 1);
        let verify = |header: &Header| {
            verify_header(&genesis, header, Evidence::None, Asked::Number(1), &RULES, GENESIS_TIME + 9)
        };
        let (first, second) = (draft.seal(&keys[..2]), draft.seal(&keys[1..3]));
        let short = Err(VerifyError::NotEnoughSeals { number: 1, expected: 3, found: 2 });
        assert_eq!((verify(&first), verify(&second)), (short.clone(), short));
        let united = unite_seals(&first, &[second], &RULES);
        assert_eq!(verify(&united).unwrap().signers(), [0, 1, 2].map(|place| address(&keys[place])));
    }

    #[test]
    fn nothing_that_others_mix_in_makes_it_worse() {
        let ours = keys(4);
        let is_ours = |key: &_| ours.iter().any(|own| address(own) == address(key));
        let strangers: Vec<_> = keys(9).into_iter().filter(|key| !is_ours(key)).collect();
        let genesis = verified_genesis(&Draft::genesis(&ours));
        let draft = Draft::after(&genesis, 1);
        let header = draft.seal(&ours[..3]);
        let seal = sign(&ours[0], draft.commit_digest());
        let nobody = Signature { r: B256::ZERO, ..seal };
        let other_block = Draft::after(&genesis, 2).seal(&ours);
        let other_round = Draft { round: 1, ..draft.clone() }.seal(&ours);
        let mut garbage = header.clone();
        garbage.extra_data = vec![0; 97].into();
        let others = [
            draft.with_seals(&[seal, seal, twin(&seal), nobody]),
            draft.seal(&strangers),
            other_block,
            other_round,
            garbage,
        ];
        assert_eq!(unite_seals(&header, &others, &RULES), header);
        // And what is no use in the header itself is left out.
        let spoilt = draft.with_seals(&[nobody, twin(&seal), seal]);
        assert_eq!(unite_seals(&spoilt, &[], &RULES), draft.with_seals(&[twin(&seal)]));
    }
}
