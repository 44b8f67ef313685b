//! Runs transactions and calls on the EVM, by the rules of the Berlin fork.
//!
//! Berlin is the last fork without a base fee, and so the newest whose headers have GoQuorum's 15 fields. There is no
//! PUSH0 (Shanghai): contracts must be compiled for `berlin` or earlier. Gas is metered and limited but costs nothing.

use alloy_consensus::{Header, Transaction as _};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use revm::context::result::{EVMError, ExecutionResult, ResultAndState};
use revm::context::{BlockEnv, Context, TxEnv};
use revm::primitives::hardfork::SpecId;
use revm::{ExecuteEvm, MainBuilder, MainContext};

use crate::state::{EvmReader, State};
use crate::transaction::Transaction;

/// Why the EVM would not run something.
pub(crate) type Refusal = EVMError<std::convert::Infallible>;

/// The block in which something runs, and the chain it belongs to.
pub(crate) struct Surroundings<'a> {
    pub(crate) chain_id: u64,
    pub(crate) header: &'a Header,
    pub(crate) block_hash: &'a dyn Fn(u64) -> B256,
}

/// A call that is not a transaction: `eth_call`, `eth_estimateGas`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) from: Address,
    pub(crate) to: Option<Address>,
    pub(crate) gas: Option<u64>,
    pub(crate) value: U256,
    pub(crate) input: Bytes,
}

impl Surroundings<'_> {
    /// Runs a signed transaction: nonce, chain id, intrinsic gas and balance are checked.
    pub(crate) fn transact(
        &self,
        state: &State,
        transaction: &Transaction,
    ) -> Result<ResultAndState, Refusal> {
        let tx = transaction.signed.tx();
        self.run(
            state,
            TxEnv {
                caller: transaction.sender,
                gas_limit: tx.gas_limit,
                gas_price: tx.gas_price,
                kind: tx.to,
                value: tx.value,
                data: tx.input().clone(),
                nonce: tx.nonce,
                chain_id: tx.chain_id,
                ..TxEnv::default()
            },
            NonceCheck::Yes,
        )
    }

    /// Runs a call without keeping what it does.
    pub(crate) fn call(&self, state: &State, message: &Message) -> Result<ExecutionResult, Refusal> {
        let limit = self.header.gas_limit;
        let environment = TxEnv {
            caller: message.from,
            gas_limit: message.gas.map_or(limit, |gas| gas.min(limit)),
            kind: message.to.map_or(TxKind::Create, TxKind::Call),
            value: message.value,
            data: message.input.clone(),
            chain_id: Some(self.chain_id),
            ..TxEnv::default()
        };
        self.run(state, environment, NonceCheck::No).map(|outcome| outcome.result)
    }

    /// Finds the least gas with which a call succeeds; the outcome itself when no amount is enough.
    pub(crate) fn estimate(
        &self,
        state: &State,
        message: &Message,
    ) -> Result<Result<u64, ExecutionResult>, Refusal> {
        let outcome = self.call(state, message)?;
        if !outcome.is_success() {
            return Ok(Err(outcome));
        }
        let limit = self.header.gas_limit;
        let mut enough = message.gas.map_or(limit, |gas| gas.min(limit));
        let mut too_little = outcome.tx_gas_used().saturating_sub(1);
        while too_little + 1 < enough {
            // Near the gas first used is the likeliest place: an EVM keeps back one part in 64 for each inner call.
            let guess =
                if enough == limit { too_little + too_little / 32 + 1 } else { too_little.midpoint(enough) };
            let guess = guess.min(enough - 1);
            let attempt = Message { gas: Some(guess), ..message.clone() };
            match self.call(state, &attempt) {
                Ok(outcome) if outcome.is_success() => enough = guess,
                Ok(_) | Err(EVMError::Transaction(_)) => too_little = guess,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(Ok(enough))
    }

    fn run(&self, state: &State, transaction: TxEnv, nonce: NonceCheck) -> Result<ResultAndState, Refusal> {
        let block = BlockEnv {
            number: U256::from(self.header.number),
            beneficiary: self.header.beneficiary,
            timestamp: U256::from(self.header.timestamp),
            gas_limit: self.header.gas_limit,
            basefee: 0,
            difficulty: self.header.difficulty,
            prevrandao: None,
            blob_excess_gas_and_price: None,
            slot_num: 0,
        };
        let context = Context::mainnet()
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::BERLIN);
                cfg.chain_id = self.chain_id;
                cfg.disable_nonce_check = nonce == NonceCheck::No;
            })
            .with_block(block)
            .with_db(EvmReader { state, block_hash: self.block_hash });
        context.build_mainnet().transact(transaction)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NonceCheck {
    Yes,
    No,
}
