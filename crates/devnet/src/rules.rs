//! The fixed settings of a chain: its id, its pace, and how its headers are sealed.

/// The fixed settings of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The chain id (EIP-155).
    pub chain_id: u64,
    /// The least time between two blocks, in seconds; at least 1.
    pub period: u64,
    /// How headers are sealed.
    pub scheme: Scheme,
    /// After how many blocks pending votes lapse; Clique lists its signers in these blocks. At least 1.
    pub epoch: u64,
    /// How many validators a new chain starts with; at least 1.
    pub validators: u8,
}

impl Rules {
    /// Tells whether votes lapse in this block (an epoch block, in Clique's words a checkpoint).
    pub(crate) fn is_epoch(&self, number: u64) -> bool {
        number.is_multiple_of(self.epoch)
    }
}

impl Default for Rules {
    /// The demo's chain: four QBFT validators, the fewest that tolerate a faulty one, and a block each second.
    fn default() -> Self {
        Self { chain_id: 81_777, period: 1, scheme: Scheme::Qbft, epoch: 30_000, validators: 4 }
    }
}

/// How a chain's headers are sealed, and where its validators are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// EIP-225: one signer per block, who is part of the block hash; no instant finality.
    Clique,
    /// Istanbul BFT as in Quorum ("legacy"): a proposer seal, and commit seals over the block hash.
    Ibft,
    /// IBFT 2.0 of Besu.
    Ibft2,
    /// QBFT of Besu and GoQuorum, validators listed in each header.
    Qbft,
    /// QBFT whose validators stand in a contract and not in the headers.
    QbftContract,
}

impl Scheme {
    /// All schemes with the names they go by.
    pub const ALL: [(&'static str, Self); 5] = [
        ("clique", Self::Clique),
        ("ibft", Self::Ibft),
        ("ibft2", Self::Ibft2),
        ("qbft", Self::Qbft),
        ("qbft-contract", Self::QbftContract),
    ];

    /// Returns the scheme with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, scheme)| (known == name).then_some(scheme))
    }

    /// Returns the scheme's name.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find_map(|(name, scheme)| (scheme == self).then_some(name)).unwrap_or_default()
    }

    /// Tells whether blocks are final once a quorum has sealed them; otherwise the heaviest chain counts.
    pub(crate) fn is_bft(self) -> bool {
        self != Self::Clique
    }

    /// Returns how many seals a block needs.
    pub(crate) fn quorum(self, validators: usize) -> usize {
        if self.is_bft() { (validators * 2).div_ceil(3) } else { 1 }
    }
}
