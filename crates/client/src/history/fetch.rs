//! Fetches headers, transactions and receipts of the head's ancestors, from whichever endpoint has them as they are.

use core::sync::atomic::AtomicU64;

use alloy_primitives::Bytes;
use lightclient::{
    Asked, BlockNumber, ChainRules, ProvenReceipts, ProvenTransactions, Receipt, SignedTransaction,
    VerifiedHeader, verify_parent, verify_receipts, verify_transactions,
};

use super::check_distance;
use crate::client::{Client, none_answered};
use crate::error::ClientError;
use crate::ports::Platform;
use crate::progress::{Progress, Step};
use crate::rpc::{
    Endpoint, RpcCall, RpcError, decode_header, decode_receipt, decode_receipts, decode_transactions,
};

/// All transactions and receipts of a block.
pub(super) struct Body {
    pub(super) transactions: ProvenTransactions,
    pub(super) receipts: ProvenReceipts,
    /// Their length, encoded.
    pub(super) bytes: usize,
}

impl<P: Platform> Client<P> {
    /// Walks back from a header and returns its ancestors from this height up, the header itself last.
    pub(super) async fn ancestors(
        &self,
        newest: &VerifiedHeader,
        from: BlockNumber,
        requests: &AtomicU64,
    ) -> Result<Vec<VerifiedHeader>, ClientError> {
        check_distance(newest.number(), from)?;
        let mut headers = vec![newest.clone()];
        while let Some(lowest) = headers.last().filter(|lowest| lowest.number() > from) {
            let parents = self.parents(lowest, from, requests).await?;
            headers.extend(parents);
            let total = newest.number() - from;
            self.platform().progress(Progress::of(Step::Prove, headers.len() as u64 - 1, total));
        }
        headers.reverse();
        Ok(headers)
    }

    /// Walks back from a header to its ancestor at this height, or the header itself.
    pub(crate) async fn ancestor(
        &self,
        newest: &VerifiedHeader,
        number: BlockNumber,
        requests: &AtomicU64,
    ) -> Result<VerifiedHeader, ClientError> {
        // The lowest comes first; there is always the newest.
        let lowest = self.ancestors(newest, number, requests).await?.into_iter().next();
        Ok(lowest.unwrap_or_else(|| newest.clone()))
    }

    /// The next parents of a header, down to this height at most, from the first endpoint that has them.
    async fn parents(
        &self,
        child: &VerifiedHeader,
        from: BlockNumber,
        requests: &AtomicU64,
    ) -> Result<Vec<VerifiedHeader>, ClientError> {
        let mut failures = Vec::new();
        for index in self.reading_order(child.number()) {
            let Some(endpoint) = self.endpoint(index, requests) else { continue };
            match parents_from(&endpoint, child, from, &self.network().rules).await {
                Ok(parents) => return Ok(parents),
                Err(error) => {
                    let error = error.at(endpoint.url);
                    self.note_failure(index, &error);
                    failures.push(error);
                }
            }
        }
        Err(none_answered(failures))
    }

    /// The transactions and receipts of a block, from the first endpoint that has them all.
    pub(super) async fn body(
        &self,
        header: &VerifiedHeader,
        requests: &AtomicU64,
    ) -> Result<Body, ClientError> {
        let mut failures = Vec::new();
        for index in self.reading_order(header.number()) {
            let Some(endpoint) = self.endpoint(index, requests) else { continue };
            match body_from(&endpoint, header).await {
                Ok(body) => return Ok(body),
                Err(error) => {
                    let error = error.at(endpoint.url);
                    self.note_failure(index, &error);
                    failures.push(error);
                }
            }
        }
        Err(none_answered(failures))
    }
}

/// Asks for the next parents in one request and verifies each against the one above it.
async fn parents_from<P: Platform>(
    endpoint: &Endpoint<'_, P>,
    child: &VerifiedHeader,
    from: BlockNumber,
    rules: &ChainRules,
) -> Result<Vec<VerifiedHeader>, ClientError> {
    let calls: Vec<RpcCall> = (from..child.number())
        .rev()
        .take(MAX_HEADERS_PER_REQUEST)
        .map(|number| RpcCall::header(Asked::Number(number)))
        .collect();
    let mut parents: Vec<VerifiedHeader> = Vec::with_capacity(calls.len());
    for answer in endpoint.ask(&calls).await? {
        let header = decode_header(&answer?)?;
        let parent = verify_parent(parents.last().unwrap_or(child), &header, rules)?;
        parents.push(parent);
    }
    Ok(parents)
}

/// Asks for the transactions and receipts of a block and verifies that these are all.
async fn body_from<P: Platform>(
    endpoint: &Endpoint<'_, P>,
    header: &VerifiedHeader,
) -> Result<Body, ClientError> {
    let calls = [RpcCall::full_block(header.hash()), RpcCall::block_receipts(header.number())];
    let mut answers = endpoint.ask(&calls).await?.into_iter();
    let mut next = || answers.next().unwrap_or(Err(RpcError::Absent { what: "answer" }));
    let (block, receipts) = (next()?, next());
    let signed = decode_transactions(&block)?;
    let types: Vec<u8> = signed.iter().map(|transaction| transaction.kind.number()).collect();
    let raw: Vec<Bytes> = signed.iter().map(SignedTransaction::encode).map(Bytes::from).collect();
    let mut bytes: usize = raw.iter().map(|raw| raw.len()).sum();
    let transactions = verify_transactions(header, raw)?;
    let receipts = match receipts {
        Ok(answer) => decode_receipts(&answer, &types)?,
        // GoQuorum and older EthereumJS do not know the question.
        Err(RpcError::Refused { .. }) => receipts_one_by_one(endpoint, &transactions, &types).await?,
        Err(error) => return Err(error.into()),
    };
    let raw: Vec<Bytes> = receipts.iter().map(|receipt| receipt.encode().into()).collect();
    bytes += raw.iter().map(|raw| raw.len()).sum::<usize>();
    Ok(Body { transactions, receipts: verify_receipts(header, &raw)?, bytes })
}

/// Asks for the receipt of each transaction.
async fn receipts_one_by_one<P: Platform>(
    endpoint: &Endpoint<'_, P>,
    transactions: &ProvenTransactions,
    types: &[u8],
) -> Result<Vec<Receipt>, RpcError> {
    let mut types = types.iter();
    let mut receipts = Vec::with_capacity(types.len());
    for some in transactions.transactions().chunks(MAX_RECEIPTS_PER_REQUEST) {
        let calls: Vec<RpcCall> =
            some.iter().map(|transaction| RpcCall::receipt(transaction.hash())).collect();
        for (answer, r#type) in endpoint.ask(&calls).await?.into_iter().zip(&mut types) {
            receipts.push(decode_receipt(&answer?, *r#type)?);
        }
    }
    Ok(receipts)
}

/// Headers in one request: about 0.3 MB of JSON.
const MAX_HEADERS_PER_REQUEST: usize = 100;
/// Receipts in one request: the answer of 64 with a few logs each stays far below the limit.
const MAX_RECEIPTS_PER_REQUEST: usize = 64;
