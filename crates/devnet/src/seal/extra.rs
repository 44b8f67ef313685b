//! `extraData`: its parts, and how each scheme writes them.

use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::{EMPTY_LIST_CODE, EMPTY_STRING_CODE, Encodable, Header};
use serde::{Deserialize, Serialize};

use super::Seal;
use crate::rules::Scheme;

/// What `extraData` holds apart from seals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Extra {
    pub(crate) vanity: B256,
    /// The validators listed: all of them in each BFT header, in Clique only in epoch blocks, none when they are in a contract.
    pub(crate) listed: Vec<Address>,
    /// The proposer's vote, where it stands in `extraData` (QBFT, IBFT 2.0).
    pub(crate) vote: Option<Vote>,
    /// The round in which the validators agreed (QBFT, IBFT 2.0).
    pub(crate) round: u32,
    /// The proposer's seal (legacy IBFT), else empty.
    pub(crate) proposer_seal: Bytes,
    /// What follows where nothing should; empty in honest headers.
    pub(crate) trailing: Bytes,
}

/// A vote to let somebody seal, or not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Vote {
    Add(Address),
    Drop(Address),
}

impl Vote {
    /// Returns whom the vote is about.
    pub(crate) fn candidate(self) -> Address {
        match self {
            Self::Add(candidate) | Self::Drop(candidate) => candidate,
        }
    }
}

/// For what `extraData` is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form<'a> {
    /// For the block hash, which in Clique has the seal in it.
    Hashed(&'a [Seal]),
    /// For readers.
    Served(&'a [Seal]),
    /// For the signers.
    Signed,
}

impl Extra {
    /// Returns `extraData` in the form given.
    pub(crate) fn encode(&self, scheme: Scheme, form: Form<'_>) -> Bytes {
        match scheme {
            Scheme::Clique => self.encode_clique(form),
            Scheme::Ibft => self.encode_ibft(form),
            Scheme::Ibft2 => self.encode_ibft2(form),
            Scheme::Qbft | Scheme::QbftContract => self.encode_qbft(form),
        }
    }

    /// Vanity ‖ \[signers\] ‖ seal.
    fn encode_clique(&self, form: Form<'_>) -> Bytes {
        let mut encoded = [self.vanity.as_slice(), self.listed.concat().as_slice(), &self.trailing].concat();
        if let Form::Hashed(seals) | Form::Served(seals) = form {
            // The genesis block has a place for the seal and nothing in it.
            encoded.extend(seals.first().unwrap_or(&[0; 65]));
        }
        encoded.into()
    }

    /// Vanity ‖ RLP\[validators, proposer seal, seals\].
    fn encode_ibft(&self, form: Form<'_>) -> Bytes {
        let mut payload = Vec::new();
        alloy_rlp::encode_list::<_, Address>(&self.listed, &mut payload);
        let proposer_seal = if form == Form::Signed { &[][..] } else { &self.proposer_seal };
        proposer_seal.encode(&mut payload);
        encode_seals(if let Form::Served(seals) = form { seals } else { &[] }, &mut payload);
        payload.extend(&self.trailing);
        [self.vanity.as_slice(), &in_list(&payload)].concat().into()
    }

    /// RLP\[vanity, validators, vote\], then the round as four bytes unless hashed, then the seals if served.
    fn encode_ibft2(&self, form: Form<'_>) -> Bytes {
        let mut payload = self.encode_start(EMPTY_STRING_CODE, &[0]);
        if !matches!(form, Form::Hashed(_)) {
            self.round.to_be_bytes().as_slice().encode(&mut payload);
        }
        if let Form::Served(seals) = form {
            encode_seals(seals, &mut payload);
        }
        payload.extend(&self.trailing);
        in_list(&payload).into()
    }

    /// RLP\[vanity, validators, vote, round, seals\]: the hash is made with round 0, and only readers are given seals.
    fn encode_qbft(&self, form: Form<'_>) -> Bytes {
        let mut payload = self.encode_start(EMPTY_LIST_CODE, &[]);
        if matches!(form, Form::Hashed(_)) { 0 } else { self.round }.encode(&mut payload);
        encode_seals(if let Form::Served(seals) = form { seals } else { &[] }, &mut payload);
        payload.extend(&self.trailing);
        in_list(&payload).into()
    }

    fn encode_start(&self, no_vote: u8, drop: &[u8]) -> Vec<u8> {
        let mut payload = Vec::new();
        self.vanity.encode(&mut payload);
        alloy_rlp::encode_list::<_, Address>(&self.listed, &mut payload);
        match self.vote {
            None => payload.push(no_vote),
            Some(vote) => {
                let mut items = Vec::new();
                vote.candidate().encode(&mut items);
                let kind = if matches!(vote, Vote::Add(_)) { &[0xff] } else { drop };
                kind.encode(&mut items);
                payload.extend(in_list(&items));
            }
        }
        payload
    }
}

fn encode_seals(seals: &[Seal], out: &mut Vec<u8>) {
    let seals: Vec<&[u8]> = seals.iter().map(<[u8; 65]>::as_slice).collect();
    alloy_rlp::encode_list::<_, [u8]>(&seals, out);
}

fn in_list(payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(payload.len() + 3);
    Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
    encoded.extend(payload);
    encoded
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    fn extra(vote: Option<Vote>) -> Extra {
        Extra {
            vanity: B256::ZERO,
            listed: vec![Address::repeat_byte(1)],
            vote,
            round: 1,
            ..Extra::default()
        }
    }

    fn tail(scheme: Scheme, vote: Option<Vote>, form: Form<'_>) -> String {
        let encoded = extra(vote).encode(scheme, form);
        let at = encoded.windows(20).rposition(|window| window == [1; 20]).unwrap() + 20;
        hex::encode(&encoded[at..])
    }

    #[test]
    fn writes_votes_and_rounds_as_each_engine_does() {
        let (add, drop) = (Some(Vote::Add(Address::ZERO)), Some(Vote::Drop(Address::ZERO)));
        let zero = "94".to_owned() + &"00".repeat(20);
        assert_eq!(tail(Scheme::Qbft, None, Form::Served(&[])), "c001c0");
        assert_eq!(tail(Scheme::Qbft, None, Form::Hashed(&[])), "c080c0");
        assert_eq!(tail(Scheme::Qbft, add, Form::Signed), format!("d7{zero}81ff01c0"));
        assert_eq!(tail(Scheme::Qbft, drop, Form::Signed), format!("d6{zero}8001c0"));
        assert_eq!(tail(Scheme::Ibft2, None, Form::Served(&[])), "808400000001c0");
        assert_eq!(tail(Scheme::Ibft2, None, Form::Signed), "808400000001");
        assert_eq!(tail(Scheme::Ibft2, None, Form::Hashed(&[])), "80");
        assert_eq!(tail(Scheme::Ibft2, add, Form::Hashed(&[])), format!("d7{zero}81ff"));
        assert_eq!(tail(Scheme::Ibft2, drop, Form::Hashed(&[])), format!("d6{zero}00"));
        assert_eq!(tail(Scheme::Ibft, None, Form::Hashed(&[])), "80c0");
        assert_eq!(tail(Scheme::Clique, None, Form::Signed), "");
        assert_eq!(tail(Scheme::Clique, None, Form::Served(&[[7; 65]])), "07".repeat(65));
    }
}
