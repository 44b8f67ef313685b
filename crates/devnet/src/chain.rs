//! The chain: seals blocks, and answers what is in them.
//!
//! Nothing here knows HTTP or JSON. Reads take a snapshot of one block, so an answer never mixes two states, and reading
//! never waits for sealing.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use alloy_consensus::{Eip658Value, Header, Receipt};
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::context::result::EVMError;

use crate::block::{Block, Included, logs_bloom, receipts_root, transactions_root};
use crate::contract;
use crate::council::{Council, VoteError};
use crate::draft;
use crate::execute::Surroundings;
use crate::pool::{Pool, PoolError};
use crate::rules::{Rules, Scheme};
use crate::seal::{Keys, Vote, generate_secret, key_of};
use crate::state::{Changes, State, Working};
use crate::store::{Store, StoreError};
use crate::transaction::{Transaction, TransactionError};

/// A running chain.
#[derive(Debug)]
pub struct Chain {
    rules: Rules,
    keys: RwLock<Keys>,
    genesis: B256,
    store: Mutex<Store>,
    /// Consecutive blocks up to the head, never empty.
    recent: RwLock<VecDeque<Arc<Snapshot>>>,
    pool: Mutex<Pool>,
    /// Held while a block is made: one at a time.
    council: Mutex<Council>,
}

/// A block and the state after it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) block: Block,
    pub(crate) state: State,
    /// Who may seal the next block, ascending.
    pub(crate) validators: Vec<Address>,
}

/// Why the chain could not be opened, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A block period of zero seconds.
    #[error("block period 0 s, expected at least 1 s")]
    Period,
    /// An epoch of zero blocks, or no validators at all.
    #[error("epoch of {epoch} blocks and {validators} validators, expected at least 1 of each")]
    Rules {
        /// Blocks in an epoch.
        epoch: u64,
        /// Validators to start with.
        validators: u8,
    },
    /// The system has no randomness to make keys from.
    #[error("no randomness for the validators' keys: {0}")]
    Randomness(getrandom::Error),
    /// The folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The call that changes the validators was not taken.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The vote makes no sense.
    #[error(transparent)]
    Vote(#[from] VoteError),
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It is not a transaction of this chain.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// It cannot wait for a block.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

impl Chain {
    /// Opens the chain in a folder; makes it, with new validators, when the folder is empty.
    ///
    /// `genesis_time` (UNIX seconds) is the first block's timestamp and counts only for a new chain.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use, or holds another chain.
    pub fn open(folder: &Path, rules: Rules, genesis_time: u64) -> Result<Self, ChainError> {
        if rules.period == 0 {
            return Err(ChainError::Period);
        }
        if rules.epoch == 0 || rules.validators == 0 {
            return Err(ChainError::Rules { epoch: rules.epoch, validators: rules.validators });
        }
        let mut store = Store::open(folder, &rules)?;
        if store.head()?.is_none() {
            begin(&mut store, &rules, genesis_time)?;
        }
        let keys = Keys::from_secrets(&store.secrets()?).ok_or(StoreError::Damaged("a validator key"))?;
        let council = store.council()?;
        let recent = load_recent(&store, &council)?;
        let genesis = store.block(0)?.ok_or(StoreError::Damaged("the genesis block"))?.hash;
        Ok(Self {
            rules,
            keys: RwLock::new(keys),
            genesis,
            store: Mutex::new(store),
            recent: RwLock::new(recent),
            pool: Mutex::default(),
            council: Mutex::new(council),
        })
    }

    /// Seals the next block if it is due at `now` (UNIX seconds); returns its number.
    ///
    /// The block holds what waits and fits, in the order of arrival, and is on disk before anybody can see it. Its timestamp is
    /// `now`, which is at least one period after its parent's.
    ///
    /// # Errors
    /// When the block cannot be written.
    pub fn seal_next(&self, now: u64) -> Result<Option<u64>, ChainError> {
        let mut council = lock(&self.council);
        let parent = self.head();
        if now < self.due(&parent) {
            return Ok(None);
        }
        let (mut block, vote) = draft::next(&self.rules, &council, &parent.block, now);
        let mut working = Working::new(parent.state.clone());
        let (transactions, done) = self.run_waiting(&block.header, &mut working);
        let (state, changes) = working.finish();
        block.header.state_root = state.root();
        block.header.transactions_root = transactions_root(&transactions);
        block.header.receipts_root = receipts_root(&transactions);
        block.header.logs_bloom = logs_bloom(&transactions);
        block.header.gas_used = transactions.iter().map(|included| included.gas_used).sum();
        block.transactions = transactions;
        block.seal(self.rules.scheme, &self.keys(), &council.validators);

        let number = block.header.number;
        let mut next = council.clone();
        next.apply(block.sealer, self.rules.is_epoch(number), vote);
        if self.rules.scheme == Scheme::QbftContract {
            next.replace(contract::validators(&state));
        }
        lock(&self.store).append(&block, &changes, &next, number.saturating_sub(WINDOW))?;
        let validators = next.validators.clone();
        *council = next;
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        recent.push_back(Arc::new(Snapshot { block, state, validators }));
        if u64::try_from(recent.len()).is_ok_and(|length| length > WINDOW) {
            recent.pop_front();
        }
        drop(recent);
        lock(&self.pool).remove(&done);
        Ok(Some(number))
    }

    /// Has a validator voted in over the next blocks; returns its address.
    ///
    /// Without a candidate a key is made for a new one. A candidate must have been a validator before: its key has to be here.
    ///
    /// # Errors
    /// When the candidate is a validator already, or its key is not here.
    pub fn vote_in(&self, candidate: Option<Address>) -> Result<Address, ChainError> {
        let candidate = match candidate {
            Some(known) if self.keys().contains(known) => known,
            Some(unknown) => return Err(VoteError::NoKey(unknown).into()),
            None => self.make_key()?,
        };
        self.vote(Vote::Add(candidate))?;
        Ok(candidate)
    }

    /// Has a validator voted out over the next blocks.
    ///
    /// # Errors
    /// When it is no validator, or would be the last to go.
    pub fn vote_out(&self, candidate: Address) -> Result<(), ChainError> {
        self.vote(Vote::Drop(candidate))
    }

    fn vote(&self, vote: Vote) -> Result<(), ChainError> {
        let mut council = lock(&self.council);
        let mut next = council.clone();
        next.propose(vote)?;
        if self.rules.scheme == Scheme::QbftContract {
            drop(council);
            return self.call_contract(vote);
        }
        lock(&self.store).set_council(&next)?;
        *council = next;
        Ok(())
    }

    /// Sends the transaction that changes the contract, from somebody new each time.
    fn call_contract(&self, vote: Vote) -> Result<(), ChainError> {
        let secret = generate_secret().map_err(ChainError::Randomness)?;
        let key = key_of(secret).ok_or(StoreError::Damaged("a new key"))?;
        let raw = match vote {
            Vote::Add(candidate) => contract::add(self.rules.chain_id, &key, candidate),
            Vote::Drop(candidate) => {
                let named = contract::validators(&self.head().state);
                let place = named.iter().position(|validator| *validator == candidate);
                contract::remove(self.rules.chain_id, &key, place.ok_or(VoteError::NoMember(candidate))?)
            }
        };
        self.submit(&raw)?;
        Ok(())
    }

    fn make_key(&self) -> Result<Address, ChainError> {
        let secret = generate_secret().map_err(ChainError::Randomness)?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let address = keys.insert(secret).ok_or(StoreError::Damaged("a new key"))?;
        lock(&self.store).add_secret(secret)?;
        Ok(address)
    }

    /// Returns when the next block is due, in UNIX seconds.
    pub fn next_due(&self) -> u64 {
        self.due(&self.head())
    }

    /// Returns the chain's settings.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Returns the hash of the genesis block.
    pub fn genesis(&self) -> B256 {
        self.genesis
    }

    /// Returns who may seal the next block, ascending.
    pub fn validators(&self) -> Vec<Address> {
        self.head().validators.clone()
    }

    /// Returns the number of the newest block.
    pub fn head_number(&self) -> u64 {
        self.head().block.header.number
    }

    /// Lets a raw transaction wait for the next block; returns its hash.
    ///
    /// # Errors
    /// When it is not a transaction of this chain, or could never be sealed.
    pub fn submit(&self, raw: &Bytes) -> Result<B256, SubmitError> {
        let transaction = Transaction::decode(raw, self.rules.chain_id)?;
        let head = self.head();
        let limit = head.block.header.gas_limit;
        if transaction.gas_limit() > limit {
            return Err(PoolError::GasLimit { expected: limit, found: transaction.gas_limit() }.into());
        }
        let account = head.state.account(transaction.sender);
        let (nonce, balance) = account.map_or((0, U256::ZERO), |account| (account.nonce, account.balance));
        let tx = transaction.signed.tx();
        let cost = U256::from(tx.gas_limit).saturating_mul(U256::from(tx.gas_price)).saturating_add(tx.value);
        if cost > balance {
            return Err(
                PoolError::Invalid(format!("cost {cost} exceeds the sender's balance, {balance}")).into()
            );
        }
        let intrinsic = intrinsic_gas(tx.to.is_create(), &tx.input);
        if tx.gas_limit < intrinsic {
            let reason = format!("gas limit {}, expected at least {intrinsic} for its data", tx.gas_limit);
            return Err(PoolError::Invalid(reason).into());
        }
        let hash = transaction.hash();
        lock(&self.pool).add(transaction, nonce)?;
        Ok(hash)
    }

    pub(crate) fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        lock(&self.pool)
    }

    /// Returns the newest block with its state.
    pub(crate) fn head(&self) -> Arc<Snapshot> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        recent.back().cloned().expect("the genesis block at least is always there")
    }

    /// Returns a recent block with its state; nothing when it is older than the window, or not there yet.
    pub(crate) fn snapshot(&self, number: u64) -> Option<Arc<Snapshot>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let first = recent.front()?.block.header.number;
        recent.get(usize::try_from(number.checked_sub(first)?).ok()?).cloned()
    }

    /// Returns a block of any age.
    pub(crate) fn block(&self, number: u64) -> Result<Option<Block>, StoreError> {
        match self.snapshot(number) {
            Some(snapshot) => Ok(Some(snapshot.block.clone())),
            None => lock(&self.store).block(number),
        }
    }

    pub(crate) fn number_of(&self, hash: B256) -> Result<Option<u64>, StoreError> {
        lock(&self.store).number_of(hash)
    }

    /// Returns the number of the block that holds a transaction, and the transaction's place in it.
    pub(crate) fn locate(&self, transaction: B256) -> Result<Option<(u64, usize)>, StoreError> {
        let found = lock(&self.store).locate(transaction)?;
        Ok(found.and_then(|(number, position)| Some((number, usize::try_from(position).ok()?))))
    }

    /// Returns the numbers of the blocks in a range that hold transactions.
    pub(crate) fn filled(&self, first: u64, last: u64) -> Result<Vec<u64>, StoreError> {
        lock(&self.store).filled(first, last)
    }

    /// Runs something in the surroundings of a block, as `eth_call` does.
    pub(crate) fn within<T>(&self, header: &Header, run: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let block_hash = |number| self.block(number).ok().flatten().map_or(B256::ZERO, |block| block.hash);
        run(&Surroundings { chain_id: self.rules.chain_id, header, block_hash: &block_hash })
    }

    fn due(&self, parent: &Snapshot) -> u64 {
        parent.block.header.timestamp.saturating_add(self.rules.period)
    }

    /// Runs what waits and fits into the block. The second list names what need not wait any longer.
    fn run_waiting(&self, header: &Header, working: &mut Working) -> (Vec<Included>, Vec<B256>) {
        let (mut transactions, mut done, mut gas_used) = (Vec::new(), Vec::new(), 0_u64);
        for transaction in lock(&self.pool).in_order() {
            if transaction.gas_limit() > header.gas_limit.saturating_sub(gas_used) {
                continue;
            }
            match self.within(header, |surroundings| surroundings.transact(working.state(), &transaction)) {
                Ok(outcome) => {
                    let used = outcome.result.tx_gas_used();
                    gas_used = gas_used.saturating_add(used);
                    let status = Eip658Value::Eip658(outcome.result.is_success());
                    let logs = outcome.result.into_logs();
                    working.commit(outcome.state);
                    done.push(transaction.hash());
                    let receipt = Receipt { status, cumulative_gas_used: gas_used, logs }.with_bloom();
                    transactions.push(Included { transaction, receipt, gas_used: used });
                }
                Err(EVMError::Transaction(revm::context::result::InvalidTransaction::NonceTooHigh {
                    ..
                })) => {}
                Err(refusal) => {
                    tracing::warn!(hash = %transaction.hash(), %refusal, "transaction dropped");
                    done.push(transaction.hash());
                }
            }
        }
        (transactions, done)
    }
}

/// Returns the recent blocks with their states, walking back from the newest state.
fn load_recent(store: &Store, council: &Council) -> Result<VecDeque<Arc<Snapshot>>, StoreError> {
    let mut number = store.head()?.ok_or(StoreError::Damaged("the list of blocks"))?;
    let (changes, codes) = store.state()?;
    let mut state = State::default();
    state.apply(&changes, &codes);
    let mut recent = VecDeque::new();
    let mut validators = council.validators.clone();
    let oldest = number.saturating_sub(WINDOW - 1);
    loop {
        let block = store.block(number)?.ok_or(StoreError::Damaged("the list of blocks"))?;
        if state.root() != block.header.state_root {
            return Err(StoreError::StateRoot { expected: block.header.state_root, found: state.root() });
        }
        let before = block.validators.clone();
        recent.push_front(Arc::new(Snapshot { block, state: state.clone(), validators }));
        validators = before;
        if number == oldest {
            return Ok(recent);
        }
        state.apply(&store.undo(number)?, &codes);
        number -= 1;
    }
}

/// Makes keys and the first block of a new chain.
fn begin(store: &mut Store, rules: &Rules, genesis_time: u64) -> Result<(), ChainError> {
    let secrets = (0..rules.validators)
        .map(|_| generate_secret().map_err(ChainError::Randomness))
        .collect::<Result<Vec<_>, _>>()?;
    let keys = Keys::from_secrets(&secrets).ok_or(StoreError::Damaged("a validator key"))?;
    let council = Council::new(keys.addresses());
    let (mut state, mut changes) = (State::default(), Changes::default());
    if rules.scheme == Scheme::QbftContract {
        changes = contract::genesis(&council.validators);
        state.apply(&changes.forward, &changes.codes);
    }
    let genesis = draft::genesis(rules, &council, state.root(), genesis_time);
    Ok(store.begin(rules.scheme, &secrets, (&genesis, &changes), &council)?)
}

/// Yellow Paper §6.2 with EIP-2028: what a transaction costs before its first instruction.
fn intrinsic_gas(is_create: bool, input: &[u8]) -> u64 {
    let base = if is_create { 53_000 } else { 21_000 };
    input.iter().fold(base, |gas: u64, byte| gas.saturating_add(if *byte == 0 { 4 } else { 16 }))
}

// A poisoned lock means that a thread panicked while it held it. Everything that is guarded here is changed in one step, so
// it is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many recent states are kept.
pub(crate) const WINDOW: u64 = 512;
