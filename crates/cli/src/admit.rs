//! `medrec operator admit`: votes to admit a member and says what came of it.
//!
//! Success is what is *proven*: the member's entry with exactly the particulars voted for. Where more operators have
//! to agree, the vote alone is reported, on the word of an endpoint.

use std::path::{Path, PathBuf};

use client::{Client, ClientError, Message, Platform, TransportError};
use native::{MemoryHeads, Native};
use protocol::contracts::{Admission, admit_member};
use protocol::keys::SigningKey;
use protocol::layout::{Member, MemberStatus};
use protocol::network::{Network, NetworkError};
use serde_json::{Value, json};

use crate::node::{Node, NodeError};

/// Why the member was not admitted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdmitError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}", path = .path.display())]
    Network { path: PathBuf, source: NetworkError },
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error("the registry refused: is the key an operator's, has it voted already, is the name taken?")]
    Refused,
    #[error("nothing proven after {limit_seconds} s")]
    TimedOut { limit_seconds: u64 },
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// What came of the vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The member is admitted, proven at this block.
    Admitted { block: u64 },
    /// The vote counted, more are needed.
    Voted,
}

impl Outcome {
    pub(crate) fn to_json(&self, admission: &Admission) -> Value {
        let member = admission.member.to_string();
        match self {
            Self::Admitted { block } => json!({ "member": member, "status": "admitted", "block": block }),
            Self::Voted => json!({ "member": member, "status": "voted" }),
        }
    }
}

/// Reads the network description.
pub(crate) fn read_network(path: &Path) -> Result<Network, AdmitError> {
    let json = std::fs::read(path).map_err(|source| AdmitError::File { path: path.to_owned(), source })?;
    Network::parse(&json).map_err(|source| AdmitError::Network { path: path.to_owned(), source })
}

/// Votes for `admission`, unless it is there already.
pub(crate) async fn admit(
    network: &Network,
    key: &SigningKey,
    admission: &Admission,
) -> Result<Outcome, AdmitError> {
    let client = Client::new(network.clone(), Native::new(MemoryHeads::default())?);
    client.sync().await?;
    if let Some(admitted) = admitted(&client, admission).await? {
        return Ok(admitted);
    }
    let call = Message::call(network.registry.address, admit_member(admission));
    let submitted = client.submit(&client.fresh_head()?, key, &[call]).await?;
    let deadline = client.platform().now().saturating_add(LIMIT_SECONDS);
    while client.platform().now() < deadline {
        client.platform().sleep(POLL_MILLIS).await;
        client.sync().await?;
        if let Some(admitted) = admitted(&client, admission).await? {
            return Ok(admitted);
        }
        for (transaction, url) in submitted.iter().zip(&network.endpoints) {
            let node = Node { platform: client.platform(), url };
            let is_behind =
                client.account(&client.head()?, transaction.sender).await?.nonce() <= transaction.nonce;
            if is_behind {
                continue;
            }
            match node.succeeded(transaction.hash).await? {
                Some(true) => return Ok(Outcome::Voted),
                Some(false) => return Err(AdmitError::Refused),
                None => {}
            }
        }
    }
    Err(AdmitError::TimedOut { limit_seconds: LIMIT_SECONDS })
}

async fn admitted(
    client: &Client<Native<MemoryHeads>>,
    admission: &Admission,
) -> Result<Option<Outcome>, AdmitError> {
    let head = client.head()?;
    let member = client.member(&head, admission.member).await?;
    let is_same = member.is_some_and(|member| fits(&member, admission));
    Ok(is_same.then(|| Outcome::Admitted { block: head.header().number() }))
}

fn fits(member: &Member, admission: &Admission) -> bool {
    member.status == MemberStatus::Active
        && member.kind == admission.kind
        && member.encryption_key == admission.encryption_key
        && member.profile_digest == admission.profile_digest
        && member.name == admission.name
        && member.endpoint == admission.endpoint
}

const LIMIT_SECONDS: u64 = 60;
const POLL_MILLIS: u64 = 500;
