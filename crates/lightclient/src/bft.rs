//! The Istanbul family (QBFT, IBFT 2.0, legacy IBFT): what stands in `extraData`, and the encodings of one header.
//!
//! All three engines run the same protocol: a proposer suggests a block, two thirds of the validators sign it, and
//! those signatures, the *seals*, are put into the header's `extraData` afterwards. A seal cannot sign itself, so one
//! header has several encodings:
//!
//! | | QBFT | IBFT 2.0 | legacy IBFT |
//! | --- | --- | --- | --- |
//! | `extraData` | `[vanity, validators, vote, round, seals]` | the same list | `vanity ‖ [validators, proposerSeal, seals]` |
//! | no vote | `[]` | `""` | `miner` is zero |
//! | vote for, against | `[address, 0xff]`, `[address, ""]` | `[address, 0xff]`, `[address, 0x00]` | `miner`, with `nonce` ff…ff or 0 |
//! | round | scalar | always 4 bytes | – |
//! | block hash leaves out | round (0 instead) and seals (`[]`) | the items round and seals | seals (`[]`) |
//! | each seal signs | header without seals (`[]`) | header without the item seals | `keccak256(block hash ‖ 0x02)` |
//! | proposer | `miner` | `miner` | signer of `proposerSeal` |
//!
//! so the Keccak-256 of the served bytes is *not* the block hash, and seals and round may differ from server to
//! server under one block hash. Vanity, validators and vote are taken over byte for byte, never encoded anew: what
//! an engine would tolerate and rewrite (a sixth item, another byte for a vote) would have another hash there than
//! here, so it is refused.
//!
//! Source: Besu `QbftExtraDataCodec`, `IbftExtraDataCodec`, `BftBlockHashing`, `IbftBlockHashing`; GoQuorum
//! `core/types/istanbul.go`, `consensus/istanbul/ibft/engine`.

use alloy_primitives::{Address, B256, keccak256};

use crate::{
    BlockNumber, Fault, Header, ParityByte, SealScheme, Signature, SignatureError, ValidatorSet,
    ValidatorSetError, rlp, rlp::RlpError, signature::recover_signer,
};

/// The `extraData` of a header of the Istanbul family, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExtraData<'a> {
    form: Form<'a>,
    /// What stands before round and seals in the list, as it was encoded.
    leading: &'a [u8],
    /// The set that may seal this very block; none where a contract holds it.
    pub(crate) validators: Option<ValidatorSet>,
    /// Whom the proposer votes in or out, if anybody.
    pub(crate) candidate: Option<Address>,
    /// The committed seals, in the order in which they were served.
    pub(crate) seals: Vec<Signature>,
    /// Who made each of them, where that was found out for many headers at once; else nothing.
    pub(crate) recovered: Vec<Result<Address, SignatureError>>,
}

/// What is particular to each engine.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form<'a> {
    /// `None`: the genesis block, which nobody proposed.
    Ibft {
        vanity: &'a [u8],
        proposer_seal: Option<Signature>,
    },
    Ibft2 {
        round: u32,
    },
    Qbft {
        round: u32,
    },
}

impl<'a> ExtraData<'a> {
    /// Decodes `extraData`, each item in its one right form.
    pub(crate) fn decode(header: &'a Header, scheme: SealScheme) -> Result<Self, BftError> {
        match scheme {
            SealScheme::Ibft => Self::decode_ibft(header),
            SealScheme::Ibft2 => Self::decode_list(header, read_round_and_vote_ibft2),
            SealScheme::Qbft | SealScheme::Clique => Self::decode_list(header, read_round_and_vote_qbft),
            SealScheme::QbftContract { .. } => {
                let mut extra = Self::decode_list(header, read_round_and_vote_qbft)?;
                if let Some(found) = extra.validators.as_ref().map(ValidatorSet::len) {
                    return Err(BftError::ContractMode { found });
                }
                if let Some(candidate) = extra.candidate.take() {
                    return Err(BftError::ContractVote { candidate });
                }
                return Ok(extra);
            }
        }
        .and_then(|extra| match extra.validators {
            Some(_) => Ok(extra),
            None => Err(ValidatorSetError::Empty.into()),
        })
    }

    /// `[vanity, validators, vote, round, seals]`; `read` knows how the engine writes vote and round.
    fn decode_list(header: &'a Header, read: ReadRoundAndVote) -> Result<Self, BftError> {
        let mut items = rlp::Reader::open(&header.extra_data).map_err(item("list"))?;
        let all = items.rest();
        items.fixed::<VANITY_BYTES>().map_err(item("vanity"))?;
        let validators = decode_validators(items.list().map_err(item("validators"))?, header.number)?;
        let (candidate, leading_length, form) = read(all.len(), &mut items)?;
        let seals = decode_seals(items.list().map_err(item("seals"))?)?;
        items.finish().map_err(item("list"))?;
        let leading = all.get(..leading_length).unwrap_or_default();
        Ok(Self { form, leading, validators, candidate, seals, recovered: Vec::new() })
    }

    /// `vanity ‖ [validators, proposerSeal, seals]`.
    fn decode_ibft(header: &'a Header) -> Result<Self, BftError> {
        let extra = &header.extra_data;
        let no_vanity = RlpError::Length { expected: VANITY_BYTES, found: extra.len() };
        let (vanity, list) = extra.split_at_checked(VANITY_BYTES).ok_or(no_vanity).map_err(item("vanity"))?;
        let mut items = rlp::Reader::open(list).map_err(item("list"))?;
        let all = items.rest();
        let validators = decode_validators(items.list().map_err(item("validators"))?, header.number)?;
        let leading = all.get(..all.len() - items.rest().len()).unwrap_or_default();
        let proposer_seal = match items.bytes().map_err(item("proposerSeal"))? {
            [] if header.number == 0 => None,
            bytes => Some(
                Signature::from_bytes(bytes, ParityByte::FromZero)
                    .map_err(|source| BftError::ProposerSeal { source })?,
            ),
        };
        let seals = decode_seals(items.list().map_err(item("seals"))?)?;
        items.finish().map_err(item("list"))?;
        let candidate = Some(header.coinbase).filter(|candidate| *candidate != Address::ZERO);
        Ok(Self {
            form: Form::Ibft { vanity, proposer_seal },
            leading,
            validators,
            candidate,
            seals,
            recovered: Vec::new(),
        })
    }

    /// The round in which the block was sealed; 0 where the header does not say.
    pub(crate) const fn round(&self) -> u32 {
        match self.form {
            Form::Ibft { .. } => 0,
            Form::Ibft2 { round } | Form::Qbft { round } => round,
        }
    }

    /// The block hash of `header`.
    pub(crate) fn block_hash(&self, header: &Header) -> B256 {
        match self.form {
            Form::Ibft { vanity, proposer_seal } => self.ibft_digest(header, vanity, proposer_seal),
            Form::Ibft2 { .. } => self.digest(header, |_| ()),
            Form::Qbft { .. } => self.qbft_digest(header, 0),
        }
    }

    /// What each seal signs. `block_hash` is the hash computed before.
    pub(crate) fn commit_digest(&self, header: &Header, block_hash: B256) -> B256 {
        match self.form {
            Form::Ibft { .. } => keccak256([block_hash.as_slice(), &[COMMIT_MESSAGE]].concat()),
            Form::Ibft2 { round } => self.digest(header, |out| rlp::write_bytes(out, &round.to_be_bytes())),
            Form::Qbft { round: 0 } => block_hash,
            Form::Qbft { round } => self.qbft_digest(header, round),
        }
    }

    /// Who proposed the block: `miner`, or under legacy IBFT the signer of the proposer's seal.
    pub(crate) fn proposer(&self, header: &Header) -> Result<Address, BftError> {
        match &self.form {
            Form::Ibft { vanity, proposer_seal: Some(seal) } => {
                let digest = keccak256(self.ibft_digest(header, vanity, None));
                recover_signer(digest, seal).map_err(|source| BftError::ProposerSeal { source })
            }
            Form::Ibft { proposer_seal: None, .. } => Ok(Address::ZERO),
            Form::Ibft2 { .. } | Form::Qbft { .. } => Ok(header.coinbase),
        }
    }

    /// Recovers who made each seal, one after the other, in the order of the seals. Whether they may seal is
    /// not checked.
    pub(crate) fn sealers(&self, commit_digest: B256) -> impl Iterator<Item = Result<Address, BftError>> {
        self.seals.iter().enumerate().map(move |(index, seal)| {
            let recovered = self.recovered.get(index).cloned();
            let signer = recovered.unwrap_or_else(|| recover_signer(commit_digest, seal));
            signer.map_err(|source| BftError::Seal { index, source })
        })
    }

    /// `extraData` with these seals instead of its own.
    pub(crate) fn with_seals(&self, seals: &[Signature]) -> Vec<u8> {
        let write_seals = |out: &mut Vec<u8>| {
            rlp::write_list(out, |out| {
                seals.iter().for_each(|seal| rlp::write_bytes(out, &seal.to_bytes(ParityByte::FromZero)));
            });
        };
        match self.form {
            Form::Ibft { vanity, proposer_seal } => {
                let list = self.list(|out| {
                    write_proposer_seal(out, proposer_seal);
                    write_seals(out);
                });
                [vanity, &list].concat()
            }
            Form::Ibft2 { round } => self.list(|out| {
                rlp::write_bytes(out, &round.to_be_bytes());
                write_seals(out);
            }),
            Form::Qbft { round } => self.list(|out| {
                rlp::write_scalar(out, &round.to_be_bytes());
                write_seals(out);
            }),
        }
    }

    fn qbft_digest(&self, header: &Header, round: u32) -> B256 {
        self.digest(header, |out| {
            rlp::write_scalar(out, &round.to_be_bytes());
            rlp::write_list(out, |_| ());
        })
    }

    /// Digest of `header` with the leading items and what `rest` writes as the list in `extraData`.
    fn digest(&self, header: &Header, rest: impl FnOnce(&mut Vec<u8>)) -> B256 {
        keccak256(header.encode_with_extra(&self.list(rest)))
    }

    fn ibft_digest(&self, header: &Header, vanity: &[u8], proposer_seal: Option<Signature>) -> B256 {
        let list = self.list(|out| {
            write_proposer_seal(out, proposer_seal);
            rlp::write_list(out, |_| ());
        });
        keccak256(header.encode_with_extra(&[vanity, &list].concat()))
    }

    /// The list of the leading items and what `rest` writes.
    fn list(&self, rest: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut list = Vec::with_capacity(self.leading.len() + ENCODED_SEAL_BYTES + 16);
        rlp::write_list(&mut list, |out| {
            out.extend_from_slice(self.leading);
            rest(out);
        });
        list
    }
}

fn write_proposer_seal(out: &mut Vec<u8>, seal: Option<Signature>) {
    let seal = seal.map(|seal| seal.to_bytes(ParityByte::FromZero));
    rlp::write_bytes(out, seal.as_ref().map_or(&[], |seal| seal));
}

/// Reads vote and round of a list whose payload had so many bytes; tells the candidate, how many bytes the block hash
/// takes over as they are, and the form.
type ReadRoundAndVote =
    for<'a> fn(usize, &mut rlp::Reader<'a>) -> Result<(Option<Address>, usize, Form<'a>), BftError>;

/// A vote is the empty list, or an address and `0xff` (in) or nothing (out). The round is a scalar.
fn read_round_and_vote_qbft<'a>(
    all: usize,
    items: &mut rlp::Reader<'a>,
) -> Result<(Option<Address>, usize, Form<'a>), BftError> {
    let vote = items.list().map_err(item("vote"))?;
    let candidate = if vote.is_at_end() { None } else { Some(decode_vote(vote, &[])?) };
    let leading = all - items.rest().len();
    let round = items.u32().map_err(item("round"))?;
    Ok((candidate, leading, Form::Qbft { round }))
}

/// A vote is the empty string, or an address and `0xff` (in) or `0x00` (out). The round always has four bytes.
fn read_round_and_vote_ibft2<'a>(
    all: usize,
    items: &mut rlp::Reader<'a>,
) -> Result<(Option<Address>, usize, Form<'a>), BftError> {
    let vote = items.item().map_err(item("vote"))?;
    let candidate = match (vote.kind, vote.payload) {
        (rlp::RlpKind::Bytes, []) => None,
        (rlp::RlpKind::Bytes, _) => {
            let kind = RlpError::Kind { expected: rlp::RlpKind::List, found: rlp::RlpKind::Bytes };
            return Err(item("vote")(kind));
        }
        (rlp::RlpKind::List, payload) => Some(decode_vote(rlp::Reader::of_payload(payload), &[0])?),
    };
    let leading = all - items.rest().len();
    let round = u32::from_be_bytes(items.fixed().map_err(item("round"))?);
    Ok((candidate, leading, Form::Ibft2 { round }))
}

/// An address, then `0xff` (in) or what the engine writes for out.
fn decode_vote(mut items: rlp::Reader<'_>, out: &[u8]) -> Result<Address, BftError> {
    let candidate = Address::from(items.fixed::<20>().map_err(item("vote"))?);
    let vote = items.bytes().map_err(item("vote"))?;
    if vote != [VOTE_IN] && vote != out {
        return Err(BftError::Vote { candidate, found: vote.first().copied() });
    }
    items.finish().map_err(item("vote"))?;
    Ok(candidate)
}

/// The validators; none for an empty list. Whoever wrote the genesis block may have them in any order.
fn decode_validators(
    mut items: rlp::Reader<'_>,
    number: BlockNumber,
) -> Result<Option<ValidatorSet>, BftError> {
    if items.is_at_end() {
        return Ok(None);
    }
    let mut addresses = Vec::with_capacity(items.rest().len() / ENCODED_ADDRESS_BYTES);
    while !items.is_at_end() {
        addresses.push(Address::from(items.fixed::<20>().map_err(item("validators"))?));
    }
    let validators =
        if number == 0 { ValidatorSet::of_unordered(addresses) } else { ValidatorSet::new(addresses) };
    Ok(Some(validators?))
}

fn decode_seals(mut items: rlp::Reader<'_>) -> Result<Vec<Signature>, BftError> {
    let mut seals = Vec::with_capacity(items.rest().len() / ENCODED_SEAL_BYTES);
    while !items.is_at_end() {
        let bytes = items.bytes().map_err(item("seals"))?;
        let seal = Signature::from_bytes(bytes, ParityByte::FromZero)
            .map_err(|source| BftError::Seal { index: seals.len(), source })?;
        seals.push(seal);
    }
    Ok(seals)
}

fn item(name: &'static str) -> impl Fn(RlpError) -> BftError {
    move |source| BftError::Rlp { item: name, source }
}

/// Why `extraData` is not that of a header of the Istanbul family, or a seal in it is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BftError {
    /// Validators in the header of a chain that keeps them in a contract.
    #[error("extraData: {found} validators, expected none: a contract holds them")]
    ContractMode {
        /// How many.
        found: usize,
    },
    /// A vote in the header of a chain that keeps its validators in a contract.
    #[error("extraData: vote on {candidate}, expected none: a contract holds the validators")]
    ContractVote {
        /// Whom it is about.
        candidate: Address,
    },
    /// The proposer's seal is not a signature, or nobody's.
    #[error("extraData: the proposer's seal is not valid")]
    ProposerSeal {
        /// What is wrong with it.
        source: SignatureError,
    },
    /// An item of `extraData` is not the one right RLP encoding.
    #[error("extraData: {item} is not well-formed")]
    Rlp {
        /// Which item: `list` for the whole.
        item: &'static str,
        /// What is wrong with it.
        source: RlpError,
    },
    /// A seal is not a signature, or nobody's.
    #[error("extraData: seal {index} is not valid")]
    Seal {
        /// Position among the seals.
        index: usize,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// The list of validators is not a set in order.
    #[error("extraData: validators are not a set")]
    Validators(#[from] ValidatorSetError),
    /// A vote that is neither in (`0xff`) nor out.
    #[error("extraData: vote on {candidate} is {found:?}, expected 0xff or that for out")]
    Vote {
        /// Whom the vote is about.
        candidate: Address,
        /// First byte of the vote, if it has one.
        found: Option<u8>,
    },
}

impl BftError {
    /// Whose fault it is: who sent the header.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

const VANITY_BYTES: usize = 32;
/// What a legacy committed seal signs behind the block hash: the code of a commit message.
const COMMIT_MESSAGE: u8 = 2;
const VOTE_IN: u8 = 0xff;
/// A 20-byte string with its prefix.
const ENCODED_ADDRESS_BYTES: usize = 21;
/// A 65-byte string with its prefix.
const ENCODED_SEAL_BYTES: usize = 67;

#[cfg(test)]
mod tests;
