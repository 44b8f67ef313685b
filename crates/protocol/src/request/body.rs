//! The JSON body of a call.

use alloy_primitives::{Address, B256};
use records::category::{Categories, Category};
use records::json::{JsonLimits, parse_json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, CallError, HeadRef, InvitationCode, MAX_REVISIONS, Method};
use crate::contribution::Contribution;

impl Call {
    /// The body of the call, to be signed and sent as it is.
    pub fn to_body(&self) -> Vec<u8> {
        let params = match &self.method {
            Method::Describe | Method::ListRequests | Method::ListAccesses { before: None } => json!({}),
            Method::DismissRequest { from } => json!({ "from": from }),
            Method::RequestAccess { request } => json!(request),
            Method::ListAccesses { before: Some(number) } => json!({ "before": number }),
            Method::ListRecords { categories } | Method::ReadRecords { categories } => {
                json!({ "categories": categories })
            }
            Method::ReadHistory { category, roots } => json!({ "category": category, "roots": roots }),
            Method::WriteRecords { category, contribution } => json!({
                "category": category,
                "records": contribution.records,
                "provenance": contribution.provenance,
            }),
            Method::RedeemInvitation { code } => json!({ "code": code.to_text() }),
        };
        let mut body = json!({
            "version": VERSION,
            "method": self.method.name(),
            "params": params,
            "network": self.network,
            "contract": self.contract,
            "patient": self.patient,
            "steward": self.steward,
            "head": { "number": self.head.number, "hash": self.head.hash },
            "replyKey": B256::new(self.reply_key),
        });
        if let (Some(via), Some(members)) = (self.via, body.as_object_mut()) {
            members.insert("via".to_owned(), json!(via));
        }
        body.to_string().into_bytes()
    }

    /// Parses a body strictly: no member missing, unknown or twice.
    pub(super) fn parse(body: &[u8]) -> Result<Self, CallError> {
        let value =
            parse_json(body, LIMITS).map_err(|error| CallError::Body { reason: error.to_string() })?;
        let wire: WireCall = read(value)?;
        if wire.version != VERSION {
            return Err(CallError::Version { expected: VERSION, found: wire.version });
        }
        Ok(Self {
            method: parse_method(&wire.method, wire.params)?,
            network: wire.network,
            contract: wire.contract,
            patient: wire.patient,
            steward: wire.steward,
            via: wire.via,
            head: HeadRef { number: wire.head.number, hash: wire.head.hash },
            reply_key: wire.reply_key.0,
        })
    }
}

fn parse_method(name: &str, params: Value) -> Result<Method, CallError> {
    match name {
        "access.dismiss" => {
            let DismissParams { from } = read(params)?;
            Ok(Method::DismissRequest { from })
        }
        "access.request" => Ok(Method::RequestAccess { request: read(params)? }),
        "access.requests" => read(params).map(|NoParams {}| Method::ListRequests),
        "describe" => read(params).map(|NoParams {}| Method::Describe),
        "accesses.list" => {
            let ListParams { before } = read(params)?;
            if before.is_some_and(|number| number < 2) {
                return Err(CallError::Body { reason: "no entry is before that one".to_owned() });
            }
            Ok(Method::ListAccesses { before })
        }
        "invitation.redeem" => {
            let RedeemParams { code } = read(params)?;
            let code = InvitationCode::parse(&code)
                .map_err(|error| CallError::Body { reason: error.to_string() })?;
            Ok(Method::RedeemInvitation { code })
        }
        "records.history" => {
            let HistoryParams { category, roots } = read(params)?;
            if !(1..=MAX_REVISIONS).contains(&roots.len()) {
                let reason = format!("{} roots, expected 1 to {MAX_REVISIONS}", roots.len());
                return Err(CallError::Body { reason });
            }
            Ok(Method::ReadHistory { category, roots })
        }
        "records.write" => {
            let WriteParams { category, records, provenance } = read(params)?;
            Ok(Method::WriteRecords { category, contribution: Contribution { records, provenance } })
        }
        "records.list" => parse_categories(params).map(|categories| Method::ListRecords { categories }),
        "records.read" => parse_categories(params).map(|categories| Method::ReadRecords { categories }),
        _ => Err(CallError::UnknownMethod { found: super::cut(name) }),
    }
}

fn parse_categories(params: Value) -> Result<Categories, CallError> {
    let CategoriesParams { categories } = read(params)?;
    if categories.is_empty() {
        return Err(CallError::Body { reason: "no category is asked".to_owned() });
    }
    Ok(categories)
}

fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, CallError> {
    // The message names members and types; it is cut, as it may quote what came.
    serde_json::from_value(value).map_err(|error| CallError::Body { reason: super::cut(&error.to_string()) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireCall {
    version: u64,
    method: String,
    params: Value,
    network: u64,
    contract: Address,
    patient: Address,
    steward: Address,
    via: Option<Address>,
    head: WireHead,
    reply_key: B256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHead {
    number: u64,
    hash: B256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParams {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DismissParams {
    from: Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListParams {
    before: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoriesParams {
    categories: Categories,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryParams {
    category: Category,
    roots: Vec<B256>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteParams {
    category: Category,
    records: Vec<String>,
    provenance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedeemParams {
    code: String,
}

const VERSION: u64 = 1;
const LIMITS: JsonLimits = JsonLimits { bytes: super::MAX_BODY, depth: 8 };
