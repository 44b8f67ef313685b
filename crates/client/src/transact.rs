//! Transactions: signed here, handed to every endpoint, and believed only once their effect is proven.
//!
//! The account's nonce is proven at the head; what the nodes say waits in their pools is added as a hint (the median
//! of their answers, so that one liar cannot leave a gap). An endpoint may drop a transaction or claim to have taken
//! it: each transaction goes to all of them, again while we wait, and success is nothing but proven state. A proven
//! nonce beyond the transaction's without the wanted effect means that it was carried out in vain.
//!
//! The network takes no fees: gas price 0, legacy transactions with replay protection (EIP-155).

use core::sync::atomic::AtomicU64;

use alloy_primitives::{Address, B256, Bytes, U256};
use lightclient::{Fault, Transaction, transaction_hash};
use protocol::keys::SigningKey;

use crate::client::{Client, Head, none_answered};
use crate::error::ClientError;
use crate::join::join_all;
use crate::ports::Platform;
use crate::rpc::{Endpoint, RpcCall, RpcError, decode_u64, printable};

/// Why the effect of a transaction is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactError {
    /// It was carried out without the wanted effect: the contract refused it.
    #[error("{what}: the contract refused transaction {transaction}")]
    NoEffect {
        /// What was wanted.
        what: &'static str,
        /// The transaction's hash.
        transaction: B256,
    },
    /// It did not show within the time allowed. It may still.
    #[error("{what}: not proven within {limit_seconds} s")]
    NotProven {
        /// What was waited for.
        what: &'static str,
        /// The time allowed, in seconds.
        limit_seconds: u64,
    },
}

impl TransactError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::NoEffect { .. } => Fault::Caller,
            Self::NotProven { .. } => Fault::Unavailable,
        }
    }
}

/// A transaction to make: whom to call and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The contract to call; `None` creates one.
    pub to: Option<Address>,
    /// Calldata, or creation code.
    pub data: Bytes,
    /// The most gas that it may use.
    pub gas_limit: u64,
}

impl Message {
    /// A call of one of MedRec's functions.
    #[must_use]
    pub fn call(to: Address, data: Vec<u8>) -> Self {
        Self { to: Some(to), data: data.into(), gas_limit: CALL_GAS }
    }
}

/// A transaction that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Its hash.
    pub hash: B256,
    /// Who signed it.
    pub sender: Address,
    /// Its nonce.
    pub nonce: u64,
    /// The signed bytes, to hand in again.
    pub raw: Bytes,
}

impl<P: Platform> Client<P> {
    /// Signs messages with consecutive nonces and hands the transactions to all endpoints.
    ///
    /// # Errors
    /// What the endpoints did if none of them took the transactions or proved the nonce.
    pub async fn submit(
        &self,
        head: &Head,
        key: &SigningKey,
        messages: &[Message],
    ) -> Result<Vec<Submitted>, ClientError> {
        let sender = key.address();
        let proven = self.account(head, sender).await?.nonce();
        let first = self.next_nonce(sender, proven).await;
        let mut submitted = Vec::with_capacity(messages.len());
        for (message, nonce) in messages.iter().zip(first..) {
            let transaction = Transaction {
                chain_id: self.network().rules.chain_id,
                nonce,
                gas_price: 0,
                gas_limit: message.gas_limit,
                to: message.to,
                value: U256::ZERO,
                data: message.data.clone(),
            };
            let signature = key.sign_digest(transaction.signing_digest());
            let raw = Bytes::from(transaction.encode_signed(&signature));
            submitted.push(Submitted { hash: transaction_hash(&raw), sender, nonce, raw });
        }
        self.hand_in(&submitted).await?;
        Ok(submitted)
    }

    /// Hands signed transactions to all endpoints; handing in what a node has already is no error.
    ///
    /// # Errors
    /// What the endpoints did if none of them took all of them.
    pub async fn hand_in(&self, transactions: &[Submitted]) -> Result<(), ClientError> {
        let requests = AtomicU64::new(0);
        let calls: Vec<RpcCall> =
            transactions.iter().map(|transaction| RpcCall::send_raw(&transaction.raw)).collect();
        let sending =
            self.endpoints(&requests).into_iter().map(|endpoint| hand_to(endpoint, &calls)).collect();
        let mut failures = Vec::new();
        for (result, url) in join_all(sending).await.into_iter().zip(&self.network().endpoints) {
            match result {
                Ok(()) => return Ok(()),
                Err(error) => failures.push(ClientError::from(error).at(url)),
            }
        }
        Err(none_answered(failures))
    }

    /// Hands a transaction that somebody else signed to all endpoints, and returns its hash. Whether it takes effect is for
    /// proofs to show.
    ///
    /// # Errors
    /// What the endpoints did if none of them took it.
    pub async fn send(&self, raw: Bytes) -> Result<B256, ClientError> {
        let hash = transaction_hash(&raw);
        self.hand_in(&[Submitted { hash, sender: Address::ZERO, nonce: 0, raw }]).await?;
        Ok(hash)
    }

    /// The next nonce: the proven one, or a later one if the nodes say that transactions wait.
    async fn next_nonce(&self, sender: Address, proven: u64) -> u64 {
        let requests = AtomicU64::new(0);
        let asking =
            self.endpoints(&requests).into_iter().map(|endpoint| pending_at(endpoint, sender)).collect();
        choose_nonce(proven, join_all(asking).await.into_iter().filter_map(Result::ok).collect())
    }
}

/// Waiting for an effect: sleeps about a block period, syncs, and hands in the transactions again, until time is up.
pub(crate) struct Wait<'a, P> {
    client: &'a Client<P>,
    what: &'static str,
    transactions: &'a [Submitted],
    deadline_millis: u64,
    turns: u64,
    /// Whether the last look at the state succeeded.
    has_seen: bool,
}

impl<'a, P: Platform> Wait<'a, P> {
    /// Begins to wait for `what`, which these transactions (or a peer's) should bring about.
    pub(crate) fn new(client: &'a Client<P>, what: &'static str, transactions: &'a [Submitted]) -> Self {
        let deadline_millis = client.platform().now_millis().saturating_add(LIMIT_SECONDS * 1000);
        Self { client, what, transactions, deadline_millis, turns: 0, has_seen: false }
    }

    /// What a look at the state brought: `None` if no endpoint could prove it just now.
    ///
    /// # Errors
    /// Any error that is more than silence.
    pub(crate) fn unless_silent<T>(
        &mut self,
        look: Result<T, ClientError>,
    ) -> Result<Option<T>, ClientError> {
        self.has_seen = look.is_ok();
        match look {
            Err(error) if error.fault() != Fault::Unavailable => Err(error),
            look => Ok(look.ok()),
        }
    }

    /// The last transaction, if it and all others are carried out at a head under which the effect was looked for.
    async fn carried_out(&mut self, seen: &Head) -> Result<Option<B256>, ClientError> {
        if !self.has_seen {
            return Ok(None);
        }
        let transactions = self.transactions;
        for transaction in transactions.iter().rev() {
            let account = self.client.account(seen, transaction.sender).await;
            let account = self.unless_silent(account)?;
            if account.is_none_or(|account| account.nonce() <= transaction.nonce) {
                return Ok(None);
            }
        }
        Ok(transactions.last().map(|last| last.hash))
    }

    /// One turn, after a look at the state under `seen` did not show the effect; afterwards the head is as new as can be had.
    ///
    /// # Errors
    /// [`TransactError`] when time is up or the transactions were in vain; a sync error that is more than silence.
    pub(crate) async fn turn(&mut self, seen: &Head) -> Result<(), ClientError> {
        let (client, what) = (self.client, self.what);
        if let Some(in_vain) = self.carried_out(seen).await? {
            return Err(TransactError::NoEffect { what, transaction: in_vain }.into());
        }
        if client.platform().now_millis() >= self.deadline_millis {
            return Err(TransactError::NotProven { what, limit_seconds: LIMIT_SECONDS }.into());
        }
        let period =
            client.network().rules.schedule.at(seen.header.number()).block_period.saturating_mul(500);
        client.platform().sleep(period.clamp(MIN_POLL_MILLIS, MAX_POLL_MILLIS)).await;
        match client.sync().await {
            Err(error) if error.fault() != Fault::Unavailable => return Err(error),
            _ => {}
        }
        self.turns += 1;
        if self.turns.is_multiple_of(HAND_IN_AGAIN) && !self.transactions.is_empty() {
            // Whether anyone takes it again decides nothing: only proven state does.
            let _again = client.hand_in(self.transactions).await;
        }
        Ok(())
    }
}

/// Hands transactions to one endpoint.
async fn hand_to<P: Platform>(endpoint: Endpoint<'_, P>, calls: &[RpcCall]) -> Result<(), RpcError> {
    for answer in endpoint.ask(calls).await? {
        match answer {
            Ok(_) => {}
            Err(RpcError::Refused { message, .. }) if is_known(&message) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The median of what the nodes say, but never below the proven nonce, and not absurdly far beyond it.
fn choose_nonce(proven: u64, mut pending: Vec<u64>) -> u64 {
    pending.sort_unstable();
    let median = pending.get(pending.len() / 2).copied().unwrap_or(proven);
    median.clamp(proven, proven.saturating_add(MAX_PENDING))
}

/// Whether a node refuses a transaction because it has it already (geth, Besu, GoQuorum).
fn is_known(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["already known", "known transaction", "alreadyknown"].iter().any(|words| message.contains(words))
}

/// Asks one endpoint how far the nonces of an account reach.
async fn pending_at<P: Platform>(endpoint: Endpoint<'_, P>, sender: Address) -> Result<u64, RpcError> {
    let answer = endpoint.ask_one(RpcCall::pending_nonce(sender)).await?;
    match answer.as_str() {
        Some(text) => decode_u64("nonce", text),
        None => Err(RpcError::Shape {
            what: "nonce",
            expected: "a quantity".to_owned(),
            found: printable(&answer.to_string()),
        }),
    }
}

/// Gas for one call: a new relationship with its list entries costs less than half.
const CALL_GAS: u64 = 1_000_000;
/// How far beyond the proven nonce the nodes' hint is followed.
const MAX_PENDING: u64 = 16;
/// How long to wait for an effect.
const LIMIT_SECONDS: u64 = 30;
/// The shortest and longest time between two looks.
const MIN_POLL_MILLIS: u64 = 250;
const MAX_POLL_MILLIS: u64 = 2_000;
/// After how many looks the transactions are handed in again.
const HAND_IN_AGAIN: u64 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lying_node_in_three_cannot_move_the_nonce() {
        assert_eq!(choose_nonce(5, vec![5, 5, 9]), 5);
        assert_eq!(choose_nonce(5, vec![0, 6, 6]), 6);
    }

    #[test]
    fn the_nonce_is_never_below_the_proven_one_nor_far_beyond() {
        assert_eq!(choose_nonce(5, vec![]), 5);
        assert_eq!(choose_nonce(5, vec![1, 2]), 5);
        assert_eq!(choose_nonce(5, vec![u64::MAX]), 21);
        assert_eq!(choose_nonce(u64::MAX, vec![u64::MAX]), u64::MAX);
    }

    #[test]
    fn knows_how_nodes_say_that_they_have_a_transaction() {
        assert!(is_known("already known"));
        assert!(is_known("known transaction: 0x12"));
        assert!(is_known("ALREADY_KNOWN: already known"));
        assert!(!is_known("nonce too low"));
        assert!(!is_known("unknown account"));
    }
}
