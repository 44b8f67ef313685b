//! Tests of the contracts: the compiled code on an EVM of its own (Berlin rules, no price for gas).

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use alloy_sol_types::SolError;
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::hardfork::SpecId;
use revm::{Context, DatabaseRef, ExecuteCommitEvm, MainBuilder, MainContext};

use crate::contracts::creation::{self, Addresses};
use crate::layout::word::Word;

pub(super) const DEPLOYER: Address = address!("0x00000000000000000000000000000000000d0000");
pub(super) const NETWORK_ID: B256 = B256::repeat_byte(0x1d);

/// Everything that a reverted call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reverted(pub(super) Bytes);

impl Reverted {
    pub(super) fn with(error: impl SolError) -> Self {
        Self(error.abi_encode().into())
    }
}

#[derive(Clone)]
pub(super) struct Chain {
    state: CacheDB<EmptyDB>,
    pub(super) at: Addresses,
    pub(super) now: u64,
}

impl Chain {
    /// A chain with the three contracts, created by [`DEPLOYER`].
    pub(super) fn new(operators: &[Address]) -> Self {
        let at = creation::addresses(DEPLOYER, 0);
        let mut chain = Self { state: CacheDB::default(), at, now: 1_700_000_000 };
        for (code, expected) in [
            (creation::registry(NETWORK_ID, operators, &at), at.registry),
            (creation::relationships(&at), at.relationships),
            (creation::summary(&at), at.summary),
        ] {
            assert_eq!(chain.create(code), Ok(expected));
        }
        chain
    }

    /// Creates a contract as [`DEPLOYER`].
    pub(super) fn create(&mut self, code: Vec<u8>) -> Result<Address, Reverted> {
        match self.transact(DEPLOYER, TxKind::Create, code)? {
            Output::Create(_, Some(address)) => Ok(address),
            other => panic!("{other:?} is no creation"),
        }
    }

    /// Sends a transaction, one second after the one before.
    pub(super) fn send(&mut self, from: Address, to: Address, data: Vec<u8>) -> Result<Bytes, Reverted> {
        Ok(self.transact(from, TxKind::Call(to), data)?.into_data())
    }

    fn transact(&mut self, from: Address, kind: TxKind, data: Vec<u8>) -> Result<Output, Reverted> {
        self.now += 1;
        let nonce = self.state.basic_ref(from).unwrap().map_or(0, |account| account.nonce);
        let tx =
            TxEnv { caller: from, kind, data: data.into(), nonce, gas_limit: 15_000_000, ..TxEnv::default() };
        let mut evm = Context::mainnet()
            .with_db(&mut self.state)
            .modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(SpecId::BERLIN))
            .modify_block_chained(|block| block.timestamp = U256::from(self.now))
            .build_mainnet();
        match evm.transact_commit(tx).unwrap() {
            ExecutionResult::Success { output, .. } => Ok(output),
            ExecutionResult::Revert { output, .. } => Err(Reverted(output)),
            ExecutionResult::Halt { reason, .. } => panic!("halted: {reason:?}"),
        }
    }

    /// The storage words of a contract at these slots.
    pub(super) fn words(&self, contract: Address, slots: Vec<B256>) -> Vec<Word> {
        let word = |slot: B256| Word {
            slot,
            value: self.state.storage_ref(contract, U256::from_be_bytes(slot.0)).unwrap().into(),
        };
        slots.into_iter().map(word).collect()
    }

    /// The code that runs at an address.
    pub(super) fn code(&self, contract: Address) -> Bytes {
        let account = self.state.basic_ref(contract).unwrap().unwrap();
        self.state.code_by_hash_ref(account.code_hash).unwrap().original_bytes()
    }
}
