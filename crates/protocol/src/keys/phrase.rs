//! The recovery phrase.

use core::fmt;

use bip39::{Error, Language, Mnemonic};
use zeroize::Zeroizing;

use super::{KeysError, Seed};

/// A BIP-39 phrase of 12 or 24 words with a right checksum; wiped when dropped.
pub struct Phrase(Mnemonic);

/// A word list of BIP-39.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordList {
    /// English words.
    English,
    /// Simplified Chinese: each word is one character.
    Chinese,
}

impl WordList {
    /// The list that a text is written with: the two have no word in common, and its first letter tells which.
    fn of(text: &str) -> Self {
        let is_ideograph = |letter| ('\u{4e00}'..='\u{9fff}').contains(&letter);
        if text.trim_start().starts_with(is_ideograph) { Self::Chinese } else { Self::English }
    }

    const fn language(self) -> Language {
        match self {
            Self::English => Language::English,
            Self::Chinese => Language::SimplifiedChinese,
        }
    }
}

impl Phrase {
    /// Generates the phrase of 12 words that stands for 16 random bytes.
    ///
    /// # Errors
    /// None is known; [`KeysError::Checksum`] if the library refuses 128 bits.
    pub fn generate(list: WordList, entropy: &[u8; 16]) -> Result<Self, KeysError> {
        Mnemonic::from_entropy_in(list.language(), entropy).map(Self).map_err(refused)
    }

    /// Parses a phrase as a person writes it: any case, any white space between the words, in Chinese also none.
    ///
    /// # Errors
    /// [`KeysError::WordCount`], [`KeysError::UnknownWord`] with the place of the word (never the word),
    /// [`KeysError::Checksum`].
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let list = WordList::of(text);
        let mut words = Zeroizing::new(String::with_capacity(2 * text.len()));
        let mut count = 0;
        for word in text.split_whitespace() {
            for (index, letter) in word.char_indices() {
                if index == 0 || list == WordList::Chinese {
                    words.push_str(if count > 0 { " " } else { "" });
                    count += 1;
                }
                words.push(letter.to_ascii_lowercase());
            }
        }
        if count != 12 && count != 24 {
            return Err(KeysError::WordCount { found: count });
        }
        Mnemonic::parse_in_normalized(list.language(), &words).map(Self).map_err(refused)
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
        Seed::from_bytes(&Zeroizing::new(self.0.to_seed_normalized("")))
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
