//! `eth_call` and `eth_estimateGas`.

use alloy_primitives::{Bytes, U256};
use revm::context::result::{EVMError, ExecutionResult};
use serde_json::{Value, json};

use super::{Params, RpcError, View, quantity};
use crate::execute::Refusal;

impl View<'_> {
    pub(super) fn call(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let message = params.message(0)?;
        let at = self.snapshot(&params.selector(1)?)?;
        let outcome =
            self.chain.within(&at.block.header, |surroundings| surroundings.call(&at.state, &message));
        match outcome.map_err(refused)? {
            ExecutionResult::Success { output, .. } => Ok(json!(output.into_data())),
            failed => Err(failure(failed)),
        }
    }

    pub(super) fn estimate_gas(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let message = params.message(0)?;
        let at = self.snapshot(&params.selector(1)?)?;
        let outcome =
            self.chain.within(&at.block.header, |surroundings| surroundings.estimate(&at.state, &message));
        outcome.map_err(refused)?.map(quantity).map_err(failure)
    }
}

fn refused(refusal: Refusal) -> RpcError {
    match refusal {
        EVMError::Transaction(reason) => RpcError::server(reason.to_string()),
        other => RpcError::server(other.to_string()),
    }
}

/// As geth: code 3 with the returned bytes for a revert, -32000 for the rest.
fn failure(outcome: ExecutionResult) -> RpcError {
    match outcome {
        ExecutionResult::Revert { output, .. } => {
            let message = reason(&output).map_or_else(
                || "execution reverted".to_owned(),
                |reason| format!("execution reverted: {reason}"),
            );
            RpcError { code: 3, message, data: Some(json!(output)) }
        }
        ExecutionResult::Halt { reason, .. } => RpcError::server(format!("execution halted: {reason:?}")),
        ExecutionResult::Success { .. } => RpcError::server("execution succeeded"),
    }
}

/// Reads the text of Solidity's `Error(string)`.
fn reason(output: &Bytes) -> Option<String> {
    let body = output.strip_prefix(&[0x08, 0xc3, 0x79, 0xa0])?;
    let length = usize::try_from(U256::try_from_be_slice(body.get(32..64)?)?).ok()?;
    String::from_utf8(body.get(64..64_usize.checked_add(length)?)?.to_vec()).ok()
}
