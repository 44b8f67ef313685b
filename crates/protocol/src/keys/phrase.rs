//! The recovery phrase.

use core::fmt;

use bip39::{Error, Language, Mnemonic};
use zeroize::Zeroizing;

use super::{KeysError, Seed};

/// A BIP-39 phrase of 12 or 24 English words with a right checksum; wiped when dropped.
pub struct Phrase(Mnemonic);

impl Phrase {
    /// Generates the phrase of 12 words that stands for 16 random bytes.
    ///
    /// # Errors
    /// None is known; [`KeysError::Checksum`] if the library refuses 128 bits.
    pub fn generate(entropy: &[u8; 16]) -> Result<Self, KeysError> {
        Mnemonic::from_entropy_in(Language::English, entropy).map(Self).map_err(refused)
    }

    /// Parses a phrase as a person writes it: any case, any white space between the words.
    ///
    /// # Errors
    /// [`KeysError::WordCount`], [`KeysError::UnknownWord`] with the place of the word (never the word),
    /// [`KeysError::Checksum`].
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let mut words = Zeroizing::new(String::with_capacity(text.len()));
        let mut count = 0;
        for word in text.split_whitespace() {
            if count > 0 {
                words.push(' ');
            }
            words.extend(word.chars().map(|letter| letter.to_ascii_lowercase()));
            count += 1;
        }
        if count != 12 && count != 24 {
            return Err(KeysError::WordCount { found: count });
        }
        Mnemonic::parse_in_normalized(Language::English, &words).map(Self).map_err(refused)
    }

    /// The words, to be shown once.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }

    /// The words with single spaces between them.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(256));
        for word in self.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }

    /// The seed of the phrase, without a BIP-39 passphrase (2048 rounds of PBKDF2).
    pub fn to_seed(&self) -> Seed {
        Seed::from_bytes(self.0.to_seed_normalized(""))
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase([redacted])")
    }
}

fn refused(error: Error) -> KeysError {
    match error {
        Error::BadWordCount(found) => KeysError::WordCount { found },
        Error::UnknownWord(index) => KeysError::UnknownWord { position: index + 1 },
        Error::AmbiguousLanguages(_) | Error::BadEntropyBitCount(_) | Error::InvalidChecksum => {
            KeysError::Checksum
        }
    }
}
