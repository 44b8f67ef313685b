//! The chain on disk: one SQLite file that holds the validators' keys, every block, the votes that count, and the newest state.
//!
//! A block, what it did to the state, and what would undo it are written in one transaction before anybody is told of the
//! block, so a process that is killed goes on where it stopped. Of the state only the newest version is kept, with the
//! changes that lead back through the window of recent blocks. A block takes about 1.5 kB, 5 MB per hour at one a second.

use std::path::Path;
use std::time::Duration;

use alloy_consensus::{Header, Receipt, ReceiptWithBloom};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::Decodable;
use rusqlite::{Connection, OptionalExtension, Row, Transaction as Writing, params};

use crate::block::{Block, Included};
use crate::council::Council;
use crate::rules::{Rules, Scheme};
use crate::seal::{Extra, Seal};
use crate::state::{AccountFields, Change, Changes, Codes};
use crate::transaction::{Transaction, TransactionError};

/// The chain's SQLite file.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    chain_id: u64,
}

/// Hash, header, seals, and the rest as JSON.
type StoredBlock = (Vec<u8>, Vec<u8>, Vec<u8>, String);

/// What is stored of a block as JSON: `extraData` without seals, sealer, validators, weight.
type Sealing = (Extra, Address, Vec<Address>, u64);

/// Why the chain could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder holds a chain of another id.
    #[error("the state folder holds chain {found}, expected {expected}")]
    ChainId {
        /// The one asked for.
        expected: u64,
        /// The one there.
        found: u64,
    },
    /// The folder holds a chain that is sealed in another way.
    #[error("the state folder holds a chain of scheme {found}, expected {expected}")]
    Scheme {
        /// The one asked for.
        expected: &'static str,
        /// The one there.
        found: String,
    },
    /// A value in the file does not have the form it was written in.
    #[error("{0} in the state folder is damaged")]
    Damaged(&'static str),
    /// The folder could not be made.
    #[error("the state folder could not be made")]
    Folder(#[source] std::io::Error),
    /// The file was written by a different version.
    #[error("the state folder has format {found}, expected {expected}")]
    Format {
        /// The version this program writes.
        expected: i64,
        /// The version found.
        found: i64,
    },
    /// A stored header or receipt does not decode.
    #[error("a header or receipt in the state folder is damaged: {0}")]
    Rlp(alloy_rlp::Error),
    /// SQLite failed; also when another process has the folder open.
    #[error("the state folder: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The state that was read does not have the root the newest header says.
    #[error("the state in the folder has root {found}, expected {expected}")]
    StateRoot {
        /// As in the header.
        expected: B256,
        /// As computed.
        found: B256,
    },
    /// A stored transaction does not decode.
    #[error("a transaction in the state folder is damaged")]
    Transaction(#[from] TransactionError),
    /// A stored value does not decode: changes, validators with their votes, or what seals a block.
    #[error("JSON in the state folder is damaged")]
    Json(#[from] serde_json::Error),
}

impl Store {
    /// Opens the chain in a folder, or makes an empty one.
    ///
    /// # Errors
    /// When the folder cannot be written, is open elsewhere, or belongs to another chain.
    pub(crate) fn open(folder: &Path, rules: &Rules) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder).map_err(StoreError::Folder)?;
        let connection = Connection::open(folder.join("chain.sqlite"))?;
        connection.busy_timeout(Duration::from_secs(2))?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match found {
            0 => connection.execute_batch(&format!(
                "BEGIN EXCLUSIVE; {SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;"
            ))?,
            FORMAT => {}
            found => return Err(StoreError::Format { expected: FORMAT, found }),
        }
        let store = Self { connection, chain_id: rules.chain_id };
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
        let chain = store.connection.query_row("SELECT id, scheme FROM chain", [], read).optional()?;
        if let Some((id, scheme)) = chain {
            let found = natural(id)?;
            if found != rules.chain_id {
                return Err(StoreError::ChainId { expected: rules.chain_id, found });
            }
            if scheme != rules.scheme.name() {
                return Err(StoreError::Scheme { expected: rules.scheme.name(), found: scheme });
            }
        }
        Ok(store)
    }

    /// Returns all secret keys of validators; none when the chain is new.
    pub(crate) fn secrets(&self) -> Result<Vec<B256>, StoreError> {
        let mut statement = self.connection.prepare("SELECT secret FROM validators")?;
        let secrets = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        secrets.map(|secret| hash("a validator key", &secret?)).collect()
    }

    /// Writes the first block together with the validators' keys, the chain id and the scheme.
    pub(crate) fn begin(
        &mut self,
        scheme: Scheme,
        secrets: &[B256],
        (genesis, changes): (&Block, &Changes),
        council: &Council,
    ) -> Result<(), StoreError> {
        let chain_id = integer(self.chain_id)?;
        let writing = self.connection.transaction()?;
        writing.execute("INSERT INTO chain (id, scheme) VALUES (?, ?)", params![chain_id, scheme.name()])?;
        for secret in secrets {
            write_secret(&writing, *secret)?;
        }
        write_block(&writing, genesis)?;
        write_changes(&writing, changes)?;
        write_council(&writing, council)?;
        Ok(writing.commit()?)
    }

    /// Writes a block and what it did, and forgets how to undo blocks before `oldest`.
    pub(crate) fn append(
        &mut self,
        block: &Block,
        changes: &Changes,
        council: &Council,
        oldest: u64,
    ) -> Result<(), StoreError> {
        let number = integer(block.header.number)?;
        let writing = self.connection.transaction()?;
        write_block(&writing, block)?;
        write_changes(&writing, changes)?;
        write_council(&writing, council)?;
        if !changes.undo.is_empty() {
            writing
                .prepare("INSERT INTO undo (number, changes) VALUES (?, ?)")?
                .execute(params![number, serde_json::to_string(&changes.undo)?])?;
        }
        writing.prepare("DELETE FROM undo WHERE number < ?")?.execute(params![integer(oldest)?])?;
        Ok(writing.commit()?)
    }

    /// Writes one more secret key.
    pub(crate) fn add_secret(&mut self, secret: B256) -> Result<(), StoreError> {
        let writing = self.connection.transaction()?;
        write_secret(&writing, secret)?;
        Ok(writing.commit()?)
    }

    /// Writes the validators with their votes, when a vote is called between two blocks.
    pub(crate) fn set_council(&mut self, council: &Council) -> Result<(), StoreError> {
        let writing = self.connection.transaction()?;
        write_council(&writing, council)?;
        Ok(writing.commit()?)
    }

    /// Returns the validators with their votes after the newest block.
    pub(crate) fn council(&self) -> Result<Council, StoreError> {
        let stored: String =
            self.connection.query_row("SELECT council FROM council", [], |row| row.get(0))?;
        Ok(serde_json::from_str(&stored)?)
    }

    /// Returns the number of the newest block; nothing when the chain is new.
    pub(crate) fn head(&self) -> Result<Option<u64>, StoreError> {
        let newest = self
            .connection
            .query_row("SELECT MAX(number) FROM blocks", [], |row| row.get::<_, Option<i64>>(0))?;
        newest.map(natural).transpose()
    }

    /// Returns a block.
    pub(crate) fn block(&self, number: u64) -> Result<Option<Block>, StoreError> {
        let Ok(wanted) = integer(number) else { return Ok(None) };
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let mut statement =
            self.connection.prepare("SELECT hash, header, seals, sealing FROM blocks WHERE number = ?")?;
        let row: Option<StoredBlock> = statement.query_row(params![wanted], read).optional()?;
        let Some((stored_hash, header, seals, sealing)) = row else { return Ok(None) };
        let header = Header::decode(&mut header.as_slice()).map_err(StoreError::Rlp)?;
        let seals =
            seals.chunks(65).map(|seal| Seal::try_from(seal).ok().ok_or(StoreError::Damaged("a seal")));
        let (extra, sealer, validators, weight): Sealing = serde_json::from_str(&sealing)?;
        Ok(Some(Block {
            header,
            extra,
            hash: hash("a block hash", &stored_hash)?,
            seals: seals.collect::<Result<_, _>>()?,
            sealer,
            validators,
            weight,
            transactions: self.transactions(wanted)?,
        }))
    }

    /// Returns the number of the block with a hash.
    pub(crate) fn number_of(&self, hash: B256) -> Result<Option<u64>, StoreError> {
        let mut statement = self.connection.prepare("SELECT number FROM blocks WHERE hash = ?")?;
        let number = statement.query_row(params![hash.as_slice()], |row| row.get(0)).optional()?;
        number.map(natural).transpose()
    }

    /// Returns the number of the block that holds a transaction, and its place there.
    pub(crate) fn locate(&self, transaction: B256) -> Result<Option<(u64, u64)>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT number, position FROM transactions WHERE hash = ?")?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = statement.query_row(params![transaction.as_slice()], read).optional()?;
        found.map(|(number, position)| Ok((natural(number)?, natural(position)?))).transpose()
    }

    /// Returns the numbers of the blocks in a range that hold transactions.
    pub(crate) fn filled(&self, first: u64, last: u64) -> Result<Vec<u64>, StoreError> {
        let (Ok(first), Ok(last)) = (integer(first), integer(last.min(i64::MAX.unsigned_abs()))) else {
            return Ok(Vec::new());
        };
        let sql = "SELECT DISTINCT number FROM transactions WHERE number BETWEEN ? AND ? ORDER BY number";
        let mut statement = self.connection.prepare(sql)?;
        let numbers = statement.query_map(params![first, last], |row| row.get(0))?;
        numbers.map(|number| natural(number?)).collect()
    }

    /// Returns the newest state as changes to an empty one, with all code.
    pub(crate) fn state(&self) -> Result<(Vec<Change>, Codes), StoreError> {
        let mut changes = Vec::new();
        let mut slots_of = self.connection.prepare("SELECT slot, value FROM slots WHERE account = ?")?;
        let mut accounts = self.connection.prepare("SELECT key, nonce, balance, code_hash FROM accounts")?;
        let mut rows = accounts.query([])?;
        while let Some(row) = rows.next()? {
            let key = hash("an account", &row.get::<_, Vec<u8>>(0)?)?;
            let account = AccountFields {
                nonce: natural(row.get(1)?)?,
                balance: hash("a balance", &row.get::<_, Vec<u8>>(2)?)?.into(),
                code_hash: hash("a code hash", &row.get::<_, Vec<u8>>(3)?)?,
            };
            let read = |row: &Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?));
            let mut slots = Vec::new();
            for pair in slots_of.query_map(params![key.as_slice()], read)? {
                let (slot, value) = pair?;
                slots.push((hash("a slot", &slot)?, hash("a slot value", &value)?.into()));
            }
            changes.push(Change { key, account: Some(account), wiped: false, slots });
        }
        let mut statement = self.connection.prepare("SELECT hash, code FROM codes")?;
        let read = |row: &Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?));
        let codes = statement.query_map([], read)?.map(|pair| {
            let (code_hash, code) = pair?;
            Ok((hash("a code hash", &code_hash)?, Bytes::from(code)))
        });
        Ok((changes, codes.collect::<Result<_, StoreError>>()?))
    }

    /// Returns the changes that undo a block; none when it changed nothing, or is too old.
    pub(crate) fn undo(&self, number: u64) -> Result<Vec<Change>, StoreError> {
        let mut statement = self.connection.prepare("SELECT changes FROM undo WHERE number = ?")?;
        let changes =
            statement.query_row(params![integer(number)?], |row| row.get::<_, String>(0)).optional()?;
        Ok(changes.map(|changes| serde_json::from_str(&changes)).transpose()?.unwrap_or_default())
    }

    fn transactions(&self, number: i64) -> Result<Vec<Included>, StoreError> {
        let sql =
            "SELECT sender, raw, receipt, gas_used FROM transactions WHERE number = ? ORDER BY position";
        let mut statement = self.connection.prepare(sql)?;
        let bytes = |row: &Row<'_>, column: usize| row.get::<_, Vec<u8>>(column);
        let read = |row: &Row<'_>| Ok((bytes(row, 0)?, bytes(row, 1)?, bytes(row, 2)?, row.get(3)?));
        let rows = statement.query_map(params![number], read)?;
        rows.map(|row| {
            let (sender, raw, receipt, gas_used) = row?;
            let sender = Address::try_from(sender.as_slice()).ok().ok_or(StoreError::Damaged("a sender"))?;
            let receipt = ReceiptWithBloom::<Receipt>::decode(&mut receipt.as_slice());
            Ok(Included {
                transaction: Transaction::checked_before(raw.into(), sender, self.chain_id)?,
                receipt: receipt.map_err(StoreError::Rlp)?,
                gas_used: natural(gas_used)?,
            })
        })
        .collect()
    }
}

fn write_block(writing: &Writing<'_>, block: &Block) -> Result<(), StoreError> {
    let number = integer(block.header.number)?;
    writing
        .prepare("INSERT INTO blocks (number, hash, header, seals, sealing) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![
            number,
            block.hash.as_slice(),
            alloy_rlp::encode(&block.header),
            block.seals.concat(),
            serde_json::to_string(&(&block.extra, block.sealer, &block.validators, block.weight))?
        ])?;
    let sql = "INSERT INTO transactions (hash, number, position, sender, raw, receipt, gas_used) VALUES (?, ?, ?, ?, ?, ?, ?)";
    for (position, included) in (0_i64..).zip(&block.transactions) {
        let (hash, raw) = (included.transaction.hash(), &included.transaction.raw);
        let receipt = alloy_rlp::encode(&included.receipt);
        writing.prepare(sql)?.execute(params![
            hash.as_slice(),
            number,
            position,
            included.transaction.sender.as_slice(),
            raw.as_ref(),
            receipt,
            integer(included.gas_used)?
        ])?;
    }
    Ok(())
}

fn write_secret(writing: &Writing<'_>, secret: B256) -> Result<(), StoreError> {
    writing.execute("INSERT INTO validators (secret) VALUES (?)", params![secret.as_slice()])?;
    Ok(())
}

fn write_council(writing: &Writing<'_>, council: &Council) -> Result<(), StoreError> {
    writing
        .prepare("INSERT OR REPLACE INTO council (one, council) VALUES (1, ?)")?
        .execute(params![serde_json::to_string(council)?])?;
    Ok(())
}

fn write_changes(writing: &Writing<'_>, changes: &Changes) -> Result<(), StoreError> {
    for (hash, code) in &changes.codes {
        writing
            .prepare("INSERT OR IGNORE INTO codes (hash, code) VALUES (?, ?)")?
            .execute(params![hash.as_slice(), code.as_ref()])?;
    }
    changes.forward.iter().try_for_each(|change| write_change(writing, change))
}

fn write_change(writing: &Writing<'_>, change: &Change) -> Result<(), StoreError> {
    let key = change.key.as_slice();
    if change.wiped {
        writing.prepare("DELETE FROM slots WHERE account = ?")?.execute(params![key])?;
    }
    let Some(account) = change.account else {
        writing.prepare("DELETE FROM accounts WHERE key = ?")?.execute(params![key])?;
        return Ok(());
    };
    writing
        .prepare("INSERT OR REPLACE INTO accounts (key, nonce, balance, code_hash) VALUES (?, ?, ?, ?)")?
        .execute(params![
            key,
            integer(account.nonce)?,
            account.balance.to_be_bytes::<32>(),
            account.code_hash.as_slice()
        ])?;
    for (slot, value) in &change.slots {
        if value.is_zero() {
            writing
                .prepare("DELETE FROM slots WHERE account = ? AND slot = ?")?
                .execute(params![key, slot.as_slice()])?;
        } else {
            writing
                .prepare("INSERT OR REPLACE INTO slots (account, slot, value) VALUES (?, ?, ?)")?
                .execute(params![key, slot.as_slice(), value.to_be_bytes::<32>()])?;
        }
    }
    Ok(())
}

// SQLite's integers are signed; nothing here ever comes near 2^63.
fn integer(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).ok().ok_or(StoreError::Damaged("a number"))
}

fn natural(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).ok().ok_or(StoreError::Damaged("a number"))
}

fn hash(what: &'static str, bytes: &[u8]) -> Result<B256, StoreError> {
    B256::try_from(bytes).ok().ok_or(StoreError::Damaged(what))
}

const FORMAT: i64 = 2;

const SCHEMA: &str = "
CREATE TABLE chain (id INTEGER NOT NULL, scheme TEXT NOT NULL);
CREATE TABLE council (one INTEGER PRIMARY KEY, council TEXT NOT NULL);
CREATE TABLE validators (secret BLOB NOT NULL);
CREATE TABLE blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL, seals BLOB NOT NULL,
  sealing TEXT NOT NULL);
CREATE TABLE transactions (hash BLOB PRIMARY KEY, number INTEGER NOT NULL, position INTEGER NOT NULL, sender BLOB NOT NULL, raw BLOB NOT NULL,
  receipt BLOB NOT NULL, gas_used INTEGER NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX transactions_in_order ON transactions (number, position);
CREATE TABLE accounts (key BLOB PRIMARY KEY, nonce INTEGER NOT NULL, balance BLOB NOT NULL, code_hash BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE slots (account BLOB NOT NULL, slot BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (account, slot)) WITHOUT ROWID;
CREATE TABLE codes (hash BLOB PRIMARY KEY, code BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE undo (number INTEGER PRIMARY KEY, changes TEXT NOT NULL);
";
