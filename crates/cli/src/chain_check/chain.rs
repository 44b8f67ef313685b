//! The headers of a recording, each verified as the successor of the one before.
//!
//! The first recorded header is the trusted checkpoint. Under the Istanbul family the header before is what each is
//! verified from. Under Clique a header counts once a majority stands on it, so the newest ones are walked like the
//! others but stay unsettled; a recording ends somewhere.
//!
//! Where a contract holds the validators, the list for a block is proven in the state of the block before. A proof
//! belongs to a state root, not to a height, so one recorded proof serves all blocks with that state. For the other
//! blocks nothing recorded proves the list: there the header must be sealed by a quorum of the list proven last before
//! it, or of the one proven next after it, and by nobody else. A list that was there only between two proofs is not
//! found, and the header is refused.

use std::slice;

use alloy_primitives::B256;
use lightclient::{
    Asked, Evidence, Header, SealScheme, TrustedCheckpoint, UnixTime, UnsettledHeader, ValidatorProof,
    ValidatorSet, VerifiedHeader, VerifyError, block_hash, validator_slots, verify_checkpoint, verify_header,
    verify_unsettled,
};

use super::compare::differences;
use super::proofs::decode_answer;
use super::recording::{RecordedHeader, RecordedProof, Recording};
use super::report::{Report, said};

/// The headers up to the first that is refused.
#[derive(Debug)]
pub(crate) struct Chain<'r> {
    pub(crate) recording: &'r Recording,
    headers: Vec<Header>,
    /// What shows the validators of each header.
    shown: Vec<Shown>,
    /// The first headers; under Clique those on which a majority stands.
    settled: Vec<VerifiedHeader>,
    /// The headers after them, taken as recorded so that something can be proven under them.
    pinned: Vec<VerifiedHeader>,
    now: UnixTime,
}

/// A header that was judged.
#[derive(Debug)]
pub(crate) enum Judged {
    Unsettled(UnsettledHeader),
    Verified(Box<VerifiedHeader>),
}

impl From<VerifiedHeader> for Judged {
    fn from(header: VerifiedHeader) -> Self {
        Self::Verified(Box::new(header))
    }
}

impl Judged {
    pub(crate) const fn hash(&self) -> B256 {
        match self {
            Self::Unsettled(header) => header.hash,
            Self::Verified(header) => header.hash(),
        }
    }
}

#[derive(Debug)]
enum Shown {
    /// Where no proof is recorded: the lists proven before and after.
    Lists(Vec<ValidatorSet>),
    /// The header shows them, or those before it.
    Nothing,
    Proof(Box<ValidatorProof>),
}

impl<'r> Chain<'r> {
    /// Verifies all headers and says in `report` which hold.
    pub(crate) fn verify(recording: &'r Recording, report: &mut Report) -> Self {
        let mut headers = Vec::new();
        let mut malformed = None;
        for recorded in &recording.headers {
            match Header::decode(&recorded.rlp) {
                Ok(header) => headers.push(header),
                Err(error) => {
                    malformed = Some(said(&error));
                    break;
                }
            }
        }
        let now = headers.iter().map(|header| header.timestamp).max().unwrap_or_default();
        let shown = shown(recording, &headers);
        let mut chain = Self { recording, headers, shown, settled: vec![], pinned: vec![], now };
        let mut refused = None;
        for (index, recorded) in recording.headers.iter().enumerate() {
            let Some(header) = chain.headers.get(index) else {
                refused = malformed.take();
                break;
            };
            match chain.judge(index, header) {
                Ok(judged) => {
                    let found = differences(recorded, header, &judged, recording);
                    report.headers.count(found.is_empty());
                    report.failures.extend(found);
                    chain.settle(index, judged);
                }
                Err(error) => {
                    refused = Some(said(&error));
                    break;
                }
            }
        }
        let held = report.headers.total;
        report.headers.total = recording.headers.len();
        chain.headers.truncate(held);
        if let Some(refused) = refused {
            chain.report_refusal(held, &refused, report);
        }
        chain.pin(report);
        chain
    }

    /// Judges a header as that at `index`: the checkpoint, or the successor of the one before.
    pub(crate) fn judge(&self, index: usize, header: &Header) -> Result<Judged, VerifyError> {
        let recorded = self.recording.headers.get(index);
        let rules = &self.recording.rules;
        let Some(before) = index.checked_sub(1) else {
            let (number, hash) =
                recorded.map_or_else(Default::default, |recorded| (recorded.number, recorded.hash));
            return self.checkpoint(&TrustedCheckpoint { number, hash }, header).map(Judged::from);
        };
        let last = self.settled.len().saturating_sub(1).min(before);
        let missing = VerifyError::EvidenceMissing { number: header.number };
        let trusted = self.settled.get(last).ok_or(missing.clone())?;
        let expected = trusted.number().saturating_add((index - last) as u64);
        if header.number != expected {
            return Err(VerifyError::Number { expected, found: header.number });
        }
        if rules.schedule.at(header.number).scheme == SealScheme::Clique {
            let unsettled = self.headers.get(last + 1..index).unwrap_or_default();
            let walked = if unsettled.is_empty() {
                verify_unsettled(trusted, slice::from_ref(header), rules, self.now)?
            } else {
                verify_unsettled(trusted, &[unsettled, slice::from_ref(header)].concat(), rules, self.now)?
            };
            return walked.into_iter().next_back().map(Judged::Unsettled).ok_or(missing);
        }
        let asked = Asked::Number(expected);
        let verify = |evidence| verify_header(trusted, header, evidence, asked, rules, self.now);
        match self.shown.get(index) {
            Some(Shown::Lists(lists)) => self.sealed_by(lists, trusted, header),
            Some(Shown::Proof(proof)) => verify(Evidence::Validators(proof)),
            Some(Shown::Nothing) | None => verify(Evidence::None),
        }
        .map(Judged::from)
    }

    fn checkpoint(
        &self,
        checkpoint: &TrustedCheckpoint,
        header: &Header,
    ) -> Result<VerifiedHeader, VerifyError> {
        let rules = &self.recording.rules;
        match self.shown.first() {
            Some(Shown::Lists(lists)) => first_that_fits(header, lists, |validators| {
                let time = header.timestamp;
                verify_checkpoint(checkpoint, header, Evidence::Known { validators, time }, rules)
            }),
            Some(Shown::Proof(proof)) => {
                verify_checkpoint(checkpoint, header, Evidence::Validators(proof), rules)
            }
            Some(Shown::Nothing) | None => verify_checkpoint(checkpoint, header, Evidence::None, rules),
        }
    }

    /// The successor of `trusted`, sealed by a quorum of one of the lists and by nobody else.
    fn sealed_by(
        &self,
        lists: &[ValidatorSet],
        trusted: &VerifiedHeader,
        header: &Header,
    ) -> Result<VerifiedHeader, VerifyError> {
        let rules = &self.recording.rules;
        let (number, found) = (header.number, header.parent_hash);
        if found != trusted.hash() {
            return Err(VerifyError::Parent { number, expected: trusted.hash(), found });
        }
        let expected = trusted.timestamp().saturating_add(rules.schedule.at(number).block_period);
        if header.timestamp < expected {
            return Err(VerifyError::TooEarly { number, expected, found: header.timestamp });
        }
        let checkpoint = TrustedCheckpoint { number, hash: block_hash(header, rules)? };
        first_that_fits(header, lists, |validators| {
            let evidence = Evidence::Known { validators, time: header.timestamp };
            verify_checkpoint(&checkpoint, header, evidence, rules)
        })
    }

    /// Takes up a header that was judged, and under Clique settles those on which it makes a majority stand.
    fn settle(&mut self, index: usize, judged: Judged) {
        if let Judged::Verified(header) = judged {
            self.settled.push(*header);
            return;
        }
        let rules = &self.recording.rules;
        while let (Some(trusted), Some(header)) = (self.settled.last(), self.headers.get(self.settled.len()))
            && let Some(descendants) = self.headers.get(self.settled.len() + 1..=index)
        {
            let evidence = Evidence::Chain { ancestors: &[], descendants };
            let asked = Asked::Number(header.number);
            match verify_header(trusted, header, evidence, asked, rules, self.now) {
                Ok(header) => self.settled.push(header),
                // Too few stand on it so far.
                Err(_) => break,
            }
        }
    }

    fn report_refusal(&self, held: usize, refused: &str, report: &mut Report) {
        let number = |recorded: &RecordedHeader| recorded.number;
        let Some(first) = self.recording.headers.get(held).map(number) else { return };
        report.fail(format!("header {first}: expected a valid header, found: {refused}"));
        for later in self.recording.headers.iter().skip(held + 1).map(number) {
            report.fail(format!("header {later}: expected a verified header before it, found none"));
        }
    }

    /// Takes the unsettled headers as checkpoints: that is what a recording says they are.
    fn pin(&mut self, report: &mut Report) {
        let mut validators = self.settled.last().map(|header| header.validators().clone());
        for index in self.settled.len()..self.headers.len() {
            let (Some(header), Some(known)) = (self.headers.get(index), &validators) else { break };
            let Ok(Judged::Unsettled(unsettled)) = self.judge(index, header) else { break };
            let checkpoint = TrustedCheckpoint { number: header.number, hash: unsettled.hash };
            let evidence = Evidence::Known { validators: known, time: header.timestamp };
            match verify_checkpoint(&checkpoint, header, evidence, &self.recording.rules) {
                Ok(pinned) => self.pinned.push(pinned),
                Err(error) => {
                    report.fail(format!(
                        "header {}: expected a checkpoint, found: {}",
                        header.number,
                        said(&error)
                    ));
                    break;
                }
            }
            validators = Some(unsettled.validators);
        }
    }

    /// How many headers hold.
    pub(crate) const fn len(&self) -> usize {
        self.settled.len() + self.pinned.len()
    }

    /// The headers that hold, with what may be proven under them.
    pub(crate) fn verified(&self) -> impl Iterator<Item = &VerifiedHeader> {
        self.settled.iter().chain(&self.pinned)
    }

    pub(crate) fn at(&self, number: u64) -> Option<&VerifiedHeader> {
        let index = self.index_of(number)?;
        self.settled.get(index).or_else(|| self.pinned.get(index.checked_sub(self.settled.len())?))
    }

    /// Position of the header at this height.
    pub(crate) fn index_of(&self, number: u64) -> Option<usize> {
        let first = self.settled.first()?.number();
        usize::try_from(number.checked_sub(first)?).ok()
    }
}

/// The first of the lists that makes `verify` accept, else why the last does not.
fn first_that_fits(
    header: &Header,
    lists: &[ValidatorSet],
    verify: impl Fn(&ValidatorSet) -> Result<VerifiedHeader, VerifyError>,
) -> Result<VerifiedHeader, VerifyError> {
    let mut result = Err(VerifyError::EvidenceMissing { number: header.number });
    for validators in lists {
        result = verify(validators);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// For each header, what the recording has to show who may seal it.
fn shown(recording: &Recording, headers: &[Header]) -> Vec<Shown> {
    let lists = proven_lists(recording, headers);
    let root_of = |proof: &RecordedProof| {
        let header = headers.iter().find(|header| header.number == proof.block);
        proof.state_root.or_else(|| header.map(|header| header.state_root))
    };
    let proofs: Vec<_> = recording.proofs.iter().map(|proof| (root_of(proof), proof)).collect();
    let shown = |(index, header): (usize, &Header)| {
        let SealScheme::QbftContract { .. } = recording.rules.schedule.at(header.number).scheme else {
            return Shown::Nothing;
        };
        let before = if header.number == 0 { Some(header) } else { before(headers, index) };
        let proof = before.and_then(|before| {
            let mut proofs = proofs.iter().filter(|(root, _)| *root == Some(before.state_root));
            proofs.find_map(|(_, proof)| list_proof(recording, proof, header.number, before))
        });
        if let Some(proof) = proof {
            return Shown::Proof(Box::new(proof));
        }
        let last = lists.iter().rev().find(|(from, _)| *from <= header.number);
        let next = lists.iter().find(|(from, _)| *from > header.number);
        Shown::Lists(last.into_iter().chain(next).map(|(_, list)| list.clone()).collect())
    };
    headers.iter().enumerate().map(shown).collect()
}

fn before(headers: &[Header], index: usize) -> Option<&Header> {
    headers.get(index.checked_sub(1)?)
}

/// The recorded proof as one of the list for block `number`, under the state of `before`.
fn list_proof(
    recording: &Recording,
    proof: &RecordedProof,
    number: u64,
    before: &Header,
) -> Option<ValidatorProof> {
    let SealScheme::QbftContract { address, slot } = recording.rules.schedule.at(number).scheme else {
        return None;
    };
    if proof.address != address {
        return None;
    }
    let answer = decode_answer(proof).ok()?;
    let nodes_of = |slot: &B256| {
        let index = proof.slots.iter().position(|asked| asked == slot)?;
        answer.nodes.storage.get(index)?.clone()
    };
    let length = answer.value_of(B256::from(slot)).ok().flatten()?;
    let slots =
        validator_slots(slot, usize::try_from(length).ok().filter(|count| *count < proof.slots.len())?);
    let storage_proofs = slots.iter().map(nodes_of).collect::<Option<_>>()?;
    Some(ValidatorProof { header: before.clone(), account_proof: answer.nodes.account_proof, storage_proofs })
}

/// The lists that recorded proofs show, each with the block from which it holds, in that order.
fn proven_lists(recording: &Recording, headers: &[Header]) -> Vec<(u64, ValidatorSet)> {
    let mut lists: Vec<(u64, ValidatorSet)> = Vec::new();
    for (before, header) in headers.iter().zip(headers.iter().skip(1)) {
        let proofs = recording.proofs.iter().filter(|proof| proof.block == before.number);
        for proof in proofs.filter_map(|proof| list_proof(recording, proof, header.number, before)) {
            let Ok(hash) = block_hash(header, &recording.rules) else { continue };
            let checkpoint = TrustedCheckpoint { number: header.number, hash };
            let evidence = Evidence::Validators(&proof);
            if let Ok(proven) = verify_checkpoint(&checkpoint, header, evidence, &recording.rules) {
                lists.push((header.number, proven.validators().clone()));
            }
        }
    }
    lists
}
