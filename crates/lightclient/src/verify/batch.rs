//! Many headers in a row, whose seals are looked at together.
//!
//! Recovering the signers is nearly all that a header costs, and a consortium's headers are sealed by the same few
//! keys. [`KnownKeys`] recognises those without recovering, the better the more seals it gets at once. The rules are
//! those of [`verify_header`](crate::verify_header), by the same code: only where a seal's signer comes from differs.

use alloy_primitives::{Address, B256};

use super::{Evidence, Sealed, VerifiedHeader, VerifyError, read, rules, successor};
use crate::{ChainRules, Header, KnownKeys, Signed, UnixTime};

/// Verifies headers that each follow directly on the one before, the first on `trusted`; for chains of the Istanbul
/// family whose headers name their validators.
///
/// `known_keys` serves from call to call; it changes nothing but the time.
///
/// # Errors
/// What [`verify_header`](crate::verify_header) says of the first header that it refuses; [`VerifyError::Number`] when a
/// header is left out.
pub fn verify_headers(
    trusted: &VerifiedHeader,
    headers: &[Header],
    rules: &ChainRules,
    now: UnixTime,
    known_keys: &mut KnownKeys,
) -> Result<Vec<VerifiedHeader>, VerifyError> {
    let mut verified: Vec<VerifiedHeader> = Vec::with_capacity(headers.len());
    for headers in headers.chunks(CHUNK) {
        let last = verified.last().unwrap_or(trusted);
        let mut read: Vec<_> = headers.iter().map(|header| read(header, rules)).collect();
        recover(last, headers, &mut read, known_keys);
        for (header, read) in headers.iter().zip(read) {
            let trusted = verified.last().unwrap_or(trusted);
            rules::check_trusting_period(trusted, rules, now)?;
            super::require_number(trusted.number().saturating_add(1), header)?;
            let (sealed, hash) = read?;
            verified.push(successor(trusted, header, &sealed, hash, Evidence::None, rules, now)?);
        }
    }
    Ok(verified)
}

/// Finds out who made the seals of all headers, and writes it to where `verify_header` would recover it.
fn recover(
    last: &VerifiedHeader,
    headers: &[Header],
    read: &mut [Result<(Sealed<'_>, B256), VerifyError>],
    known_keys: &mut KnownKeys,
) {
    let likely = likely(last);
    let mut items: Vec<Signed<'_>> = Vec::new();
    for (header, read) in headers.iter().zip(read.iter()) {
        let Ok((Sealed::Bft(extra), hash)) = read else { continue };
        let digest = extra.commit_digest(header, *hash);
        items.extend(extra.seals.iter().take(last.validators().len()).enumerate().map(|(place, seal)| {
            let likely = likely.get(place).map_or(&[][..], Vec::as_slice);
            Signed { digest, signature: *seal, likely }
        }));
    }
    let mut signers = known_keys.recover_all(&items).into_iter();
    for (sealed, _) in read.iter_mut().flatten() {
        if let Sealed::Bft(extra) = sealed {
            // Seals beyond the set's number are recovered, if it comes to that, one after the other.
            extra.recovered = signers.by_ref().take(extra.seals.len().min(last.validators().len())).collect();
        }
    }
}

/// For each place among the seals, who may stand there: first who stood there last, then all others in turn.
fn likely(last: &VerifiedHeader) -> Vec<Vec<Address>> {
    let others = last.validators().iter().filter(|validator| !last.signers().contains(validator));
    let order: Vec<Address> = last.signers().iter().chain(others).copied().collect();
    let turned = |place: usize| order.iter().cycle().skip(place).take(order.len()).copied().collect();
    (0..order.len()).map(turned).collect()
}

/// Headers whose seals are looked at together.
const CHUNK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Draft, GENESIS_TIME, RULES, keys, verified_genesis};
    use crate::{Asked, verify_header};

    const NOW: u64 = GENESIS_TIME + 500;

    /// A genesis block and headers in a row, sealed by changing validators in changing order.
    fn chain() -> (VerifiedHeader, Vec<Header>) {
        let keys = keys(4);
        let genesis = verified_genesis(&Draft::genesis(&keys));
        let mut trusted = genesis.clone();
        let mut headers = Vec::new();
        for number in 0..150 {
            let mut sealers: Vec<_> = keys.iter().collect();
            sealers.rotate_left(number / 7 % 4);
            sealers.truncate(3 + number % 2);
            let header = Draft::after(&trusted, 1).seal(sealers);
            trusted = verify_header(&trusted, &header, Evidence::None, Asked::Latest, &RULES, NOW).unwrap();
            headers.push(header);
        }
        (genesis, headers)
    }

    fn one_by_one(trusted: &VerifiedHeader, headers: &[Header]) -> Result<Vec<VerifiedHeader>, VerifyError> {
        let mut verified: Vec<VerifiedHeader> = Vec::new();
        for header in headers {
            let trusted = verified.last().unwrap_or(trusted);
            let asked = Asked::Number(trusted.number() + 1);
            verified.push(verify_header(trusted, header, Evidence::None, asked, &RULES, NOW)?);
        }
        Ok(verified)
    }

    #[test]
    fn verifies_as_one_by_one_does() {
        let (genesis, headers) = chain();
        let mut known_keys = KnownKeys::new();
        // The second time the keys are known from the first header on.
        for _ in 0..2 {
            let verified = verify_headers(&genesis, &headers, &RULES, NOW, &mut known_keys);
            assert_eq!(verified, one_by_one(&genesis, &headers));
        }
    }

    #[test]
    fn refuses_the_first_wrong_header_as_one_by_one_does() {
        let (genesis, headers) = chain();
        let mut known_keys = KnownKeys::new();
        verify_headers(&genesis, &headers, &RULES, NOW, &mut known_keys).unwrap();
        for (place, step) in [(0, 5), (63, 41), (64, 43), (130, 97)] {
            let length = headers[place].extra_data.len();
            for byte in (0..length).step_by(step) {
                let mut changed = headers.clone();
                let mut extra = changed[place].extra_data.to_vec();
                extra[byte] ^= 1 << (byte % 8);
                changed[place].extra_data = extra.into();
                let until = &changed[..=place];
                let result = verify_headers(&genesis, until, &RULES, NOW, &mut known_keys);
                assert!(result.is_err(), "header {place}, byte {byte}");
                assert_eq!(result, one_by_one(&genesis, until));
            }
        }
        let mut gap = headers;
        gap.remove(5);
        let refused = Err(VerifyError::Number { expected: 6, found: 7 });
        assert_eq!(verify_headers(&genesis, &gap, &RULES, NOW, &mut known_keys), refused);
    }

    #[test]
    fn verifies_no_headers() {
        let (genesis, _) = chain();
        assert_eq!(verify_headers(&genesis, &[], &RULES, NOW, &mut KnownKeys::new()), Ok(vec![]));
    }
}
