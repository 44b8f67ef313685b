//! The recovery code: 128 random bits on paper, in letters that are not mistaken for each other.
//!
//! Crockford's base 32: 26 letters of the code, two of its checksum, in groups of four. Read without case, with `O` as `0`,
//! `I` and `L` as `1`; blanks and hyphens do not count.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::vault::{error::VaultError, seal::random};

/// A recovery code.
pub(crate) struct RecoveryCode(Zeroizing<[u8; BYTES]>);

impl RecoveryCode {
    /// Makes a new one from the platform's randomness.
    pub(crate) fn generate() -> Result<Self, VaultError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// # Errors
    /// `CodeMistyped` if it cannot be a code of ours.
    pub(crate) fn parse(text: &str) -> Result<Self, VaultError> {
        let mut number = Zeroizing::new(0_u128);
        let mut digits = 0;
        let mut checksum = 0;
        for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
            let digit = digit_of(letter).ok_or(VaultError::CodeMistyped)?;
            if digits < CODE_DIGITS {
                // The first digit holds the top three bits.
                if digits == 0 && digit > 7 {
                    return Err(VaultError::CodeMistyped);
                }
                *number = *number << 5 | u128::from(digit);
            } else {
                checksum = checksum << 5 | u16::from(digit);
            }
            digits += 1;
        }
        let code = Self(Zeroizing::new(number.to_be_bytes()));
        if digits != CODE_DIGITS + CHECKSUM_DIGITS || checksum != code.checksum() {
            return Err(VaultError::CodeMistyped);
        }
        Ok(code)
    }

    /// The code as it is printed.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let number = Zeroizing::new(u128::from_be_bytes(*self.0));
        let code = (0..CODE_DIGITS).rev().map(|place| (*number >> (5 * place) & 31) as usize);
        let checksum = [self.checksum() >> 5, self.checksum() & 31].map(usize::from);
        let mut text = Zeroizing::new(String::with_capacity(40));
        for (place, digit) in code.chain(checksum).enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(DIGITS.get(digit).copied().unwrap_or_default()));
        }
        text
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Ten bits that tell a mistyped code from a wrong one.
    fn checksum(&self) -> u16 {
        let [first, second, ..] = <[u8; 32]>::from(Sha256::digest(self.0.as_slice()));
        u16::from_be_bytes([first, second]) >> 6
    }
}

impl core::fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("RecoveryCode([redacted])")
    }
}

fn digit_of(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    DIGITS.iter().zip(0..).find(|(digit, _)| char::from(**digit) == letter).map(|(_, value)| value)
}

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BYTES: usize = 16;
const CODE_DIGITS: usize = 26;
const CHECKSUM_DIGITS: usize = 2;
