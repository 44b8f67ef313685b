/**
 * The plain objects that cross from the verifier (Rust, in a Worker) to the page, and nothing else.
 *
 * Addresses and hashes are `0x…` strings, times are UNIX seconds. Every value in a view was proven by the
 * verifier, or the view says that it was not; TypeScript never checks or compares any of it. Declarations only: this
 * text is also part of the package's `.d.ts`.
 */

/** Where this browser's vault stands. */
export type VaultState = 'none' | 'locked' | 'unlocked';

/** Who caused an error: `peer` lied, `unavailable` may answer later, `caller` is our input or our bug. */
export type Fault = 'peer' | 'unavailable' | 'caller';

/** The kinds of record, in the order of the record tree. */
export type CategoryName =
  | 'allergies'
  | 'problems'
  | 'medicines'
  | 'results'
  | 'vital-signs'
  | 'immunisations'
  | 'procedures'
  | 'visits'
  | 'documents'
  | 'notes'
  | 'own-data'
  | 'devices'
  | 'profile';

/** What went wrong. `code` is stable and is what the page translates; `message` is for logs and experts. */
export interface ErrorView {
  readonly code: string;
  readonly fault: Fault;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  readonly endpoint: string | null;
}

/** One step of a longer journey. `total` is 0 while it is not known. */
export interface Progress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** Receives the progress of one call. */
export type OnProgress = (progress: Progress) => void;

/** What may be said with a call that takes time: a signal to give it up, and who wants to know how far it is. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** One RPC endpoint as the last synchronisation saw it. */
export interface EndpointView {
  readonly url: string;
  readonly state: 'agrees' | 'behind' | 'unreachable' | 'lies';
  readonly block: number | null;
  readonly latencyMs: number | null;
  readonly error: ErrorView | null;
}

/** The network this page belongs to. */
export interface NetworkView {
  readonly name: string;
  readonly chainId: number;
  readonly demo: boolean;
}

/** The verified head and how it was reached. */
export interface SyncView {
  readonly block: number;
  readonly hash: string;
  readonly time: number;
  readonly ageSeconds: number;
  readonly stale: boolean;
  readonly seals: number;
  readonly validators: number;
  readonly quorum: number;
  readonly round: number;
  readonly proposer: string;
  readonly signers: readonly string[];
  readonly endpoints: readonly EndpointView[];
  /** What binds the head to the block that was trusted before. */
  readonly ancestry: 'parents' | 'history' | 'network-id';
  readonly requests: number;
  readonly headersVerified: number;
  readonly network: NetworkView;
}

/** A verified header, with the names that JSON-RPC has for its fields. */
export interface BlockView {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: number;
  readonly stateRoot: string;
  readonly transactionsRoot: string;
  readonly receiptsRoot: string;
  readonly logsBloom: string;
  readonly sha3Uncles: string;
  readonly miner: string;
  readonly difficulty: string;
  readonly gasLimit: number;
  readonly gasUsed: number;
  readonly extraData: string;
  readonly mixHash: string;
  readonly nonce: string;
  readonly baseFeePerGas: number | null;
}

/** An account, proven at block `block`; `balance` in wei as `0x…`. */
export interface AccountView {
  readonly address: string;
  readonly exists: boolean;
  readonly nonce: number;
  readonly balance: string;
  readonly codeHash: string;
  readonly storageRoot: string;
  readonly block: number;
}

/** A storage slot of 32 bytes, proven at block `block`. */
export interface SlotView {
  readonly slot: string;
  readonly value: string;
  readonly block: number;
}

/** A transaction in its block; `raw` is its signed encoding, from which all else is read. Wei and gas prices as `0x…`. */
export interface TransactionView {
  readonly hash: string;
  readonly raw: string;
  readonly index: number;
  readonly block: number;
  readonly blockHash: string;
  readonly type: number;
  /** Null without replay protection. */
  readonly chainId: number | null;
  /** Who signed it. */
  readonly from: string;
  /** Null if it creates a contract. */
  readonly to: string | null;
  readonly nonce: number;
  readonly value: string;
  readonly input: string;
  readonly gas: number;
  /** Null since EIP-1559; the two fees are null before. */
  readonly gasPrice: string | null;
  readonly maxFeePerGas: string | null;
  readonly maxPriorityFeePerGas: string | null;
  /** Null before EIP-2930. */
  readonly accessList: readonly { readonly address: string; readonly storageKeys: readonly string[] }[] | null;
  readonly v: string;
  readonly r: string;
  readonly s: string;
}

/** What a contract wrote. */
export interface LogEntryView {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** What became of a transaction. */
export interface ReceiptView {
  readonly transaction: TransactionView;
  /** The contract that it created, if it was one to create. */
  readonly creates: string | null;
  /** Null before Byzantium. */
  readonly succeeded: boolean | null;
  readonly gasUsed: number | null;
  readonly cumulativeGasUsed: number;
  readonly logsBloom: string;
  readonly logs: readonly LogEntryView[];
  /** Position of the first log among those of the block. */
  readonly firstLogIndex: number | null;
}

/** A log with its place on the chain. */
export interface LogView extends LogEntryView {
  readonly block: number;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly transactionIndex: number;
  readonly logIndex: number;
}

/** Which logs are wanted; empty lists take anything, blocks default to the head. */
export interface LogQuery {
  readonly addresses?: readonly string[];
  readonly topics?: readonly (readonly string[])[];
  readonly fromBlock?: number | null;
  readonly toBlock?: number | null;
}

/** The identity that others grant access to. `viewerCard` is the text to hand over. */
export interface PersonView {
  readonly viewerAddress: string;
  readonly viewerCard: string;
}

/** What a member of the network is. */
export type MemberKind = 'provider' | 'vendor' | 'researcher' | 'auditor';

/** One entry of the proven directory. */
export interface MemberView {
  readonly address: string;
  readonly kind: MemberKind;
  readonly name: string;
  readonly endpoint: string;
  readonly active: boolean;
}

/** A well-formed invitation and the proven member behind it. */
export interface InvitationView {
  readonly text: string;
  readonly steward: MemberView;
  readonly alreadyAccepted: boolean;
}

/** Where a relationship stands on chain. */
export type RelationshipStatus = 'proposed' | 'active' | 'rejected' | 'ended';

/** The proven anchor of a steward's records. */
export interface RecordSetView {
  readonly root: string;
  readonly count: number;
  readonly revision: number;
  readonly publishedAt: number;
}

/** One relationship between a patient's pseudonym and a steward. `id` is `patient:steward`. */
export interface RelationshipView {
  readonly id: string;
  readonly patient: string;
  readonly steward: MemberView;
  readonly status: RelationshipStatus;
  readonly openedAt: number;
  readonly recordSet: RecordSetView | null;
  readonly viewerCount: number;
}

/** One line of a record's detail. */
export interface RecordRow {
  readonly label: string;
  readonly value: string;
}

/** The content of one record, as text only. `date` is ISO 8601, cut to the precision it was recorded with. */
export interface RecordView {
  readonly id: string;
  readonly resourceType: string;
  readonly category: CategoryName;
  readonly date: string | null;
  readonly title: string;
  readonly value: string | null;
  readonly measures: readonly Measure[];
  readonly rows: readonly RecordRow[];
}

/** What people measure at home. */
export type MeasurementName = 'blood-pressure' | 'weight' | 'pulse' | 'temperature' | 'glucose' | 'oxygen' | 'height';

/** A measured value, to be drawn over time; `code` (`system|code`) says of what. */
export interface Measure {
  readonly code: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly low: number | null;
  readonly high: number | null;
}

/** The rungs of a proof, from the chain down to the bytes. */
export type ProofRung = 'header' | 'registry' | 'relationship' | 'record' | 'digest';

/** The header that everything else in a proof rests on. */
export interface HeaderProofView {
  readonly number: number;
  readonly hash: string;
  readonly time: number;
  readonly seals: number;
  readonly validators: number;
  readonly quorum: number;
  readonly signers: readonly string[];
  readonly proposer: string;
  readonly round: number;
}

/** Why one record can be trusted, or the first rung that does not hold. */
export interface ProofView {
  readonly header: HeaderProofView;
  readonly registry: { readonly address: string; readonly networkId: string; readonly slot: string };
  readonly relationship: {
    readonly contract: string;
    readonly patient: string;
    readonly steward: string;
    readonly slot: string;
    readonly root: string;
    readonly count: number;
    readonly revision: number;
  };
  readonly record: {
    readonly index: number;
    readonly count: number;
    readonly category: CategoryName;
    readonly leaf: string;
    readonly path: readonly string[];
    readonly root: string;
  };
  /** `value` is null where no content arrived to be hashed. */
  readonly digest: { readonly algorithm: 'SHA-256'; readonly value: string | null; readonly canonical: string };
  readonly brokenRung: ProofRung | null;
}

/** One record of a category. `view` is null unless `state` is `verified`. */
export interface RecordEntry {
  readonly state: 'verified' | 'altered' | 'missing';
  readonly index: number;
  readonly count: number;
  readonly view: RecordView | null;
  readonly proof: ProofView;
}

/** One category of a relationship: complete by proof, broken, or outside of what was granted. */
export interface CategoryView {
  readonly category: CategoryName;
  readonly count: number;
  readonly state: 'complete' | 'broken' | 'not-granted';
  readonly error: ErrorView | null;
  readonly records: readonly RecordEntry[];
}

/** The answer to one reading of records. */
export interface RecordsView {
  readonly relationship: RelationshipView;
  readonly provenAt: { readonly block: number; readonly time: number };
  readonly categories: readonly CategoryView[];
}

/** One viewer of an own relationship. `name` is the directory's, or what the person called it. */
export interface ViewerView {
  readonly viewer: string;
  readonly name: string | null;
  readonly categories: readonly CategoryName[];
  readonly rights: readonly string[];
  readonly from: number;
  readonly until: number | null;
  readonly state: 'effective' | 'pending' | 'ended';
}

/** Who read the own records within one relationship, or tried to: newest first. */
export interface AccessesView {
  readonly relationship: string;
  readonly steward: MemberView;
  /** Entries in the whole log. */
  readonly count: number;
  /** So many of them, the oldest, are proven complete and unchanged by the chain. */
  readonly anchored: number;
  /** When; 0 before the first time. */
  readonly anchoredAt: number;
  /** Whether the oldest entry is here. */
  readonly whole: boolean;
  readonly entries: readonly AccessView[];
}

/** One access. `event` is null if the hospital wrote it in a form that we do not know. */
export interface AccessView {
  readonly number: number;
  readonly anchored: boolean;
  readonly raw: string;
  readonly event: AccessEventView | null;
}

/** What an access log's entry says; `recorded` is a FHIR instant, `refusal` a stable code. */
export interface AccessEventView {
  readonly recorded: string;
  readonly method: string;
  readonly caller: string;
  readonly name: string | null;
  /** Through which group, or for which member of the network; claimed only, if it was refused. */
  readonly via: NamedView | null;
  readonly byPatient: boolean;
  readonly categories: readonly string[];
  readonly block: number | null;
  readonly refusal: string | null;
}

/** A relationship of somebody else in which this person is a viewer. */
export interface SharedView {
  readonly patient: string;
  readonly steward: MemberView;
  readonly categories: readonly CategoryName[];
  readonly until: number | null;
  readonly state: 'effective' | 'not-yet' | 'ended' | 'revoked';
}

/** The ways into this browser's vault. */
export interface VaultWays {
  readonly password: PasswordParameters;
  readonly passkeys: readonly PasskeyView[];
  /** Whether there is a recovery code on paper. */
  readonly code: boolean;
}

/** What a backup file holds. */
export interface BackupView {
  /** Whether it is of the keys that are open here. */
  readonly own: boolean;
  readonly relationships: number;
}

/** A passkey that opens the vault; `credential` and `salt` are hexadecimal. */
export interface PasskeyView {
  readonly credential: string;
  readonly salt: string;
  readonly name: string;
}

/** How the vault turns its password into a key; made and checked by the verifier, carried as it is. */
export interface PasswordParameters {
  readonly algorithm: 'argon2id';
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: string;
}

/** The person's own guardians, as far as the vault knows them and the chain proves it. */
export interface GuardiansView {
  /** What each guardian keeps; null if the vault knows of none. A secret. */
  readonly kit: string | null;
  /** How many of them it takes. */
  readonly threshold: number;
  readonly guardians: readonly NamedView[];
  readonly delaySeconds: number | null;
  /** Over how many of the person's addresses they watch, of how many. */
  readonly covered: number;
  readonly addresses: number;
  /** Whether others watch over some, whose kit this vault does not have. */
  readonly unknown: boolean;
  /** From when on keys that they have approved may take over; null if there are none. */
  readonly readyAt: number | null;
  /** Whether the person is on the way back to keys that were lost. */
  readonly lost: boolean;
}

/** Somebody, with the name that the directory or the person gives. */
export interface NamedView {
  readonly address: string;
  readonly name: string | null;
}

/** Somebody whom the person guards. */
export interface WardView {
  readonly person: string;
  readonly name: string;
  readonly kit: string;
}

/** What somebody gave to a guardian: a kit to keep, or keys to approve. */
export type HandoverView =
  | {
      readonly kind: 'kit';
      readonly person: string;
      readonly threshold: number;
      readonly guardians: number;
      /** Whether this person is one of them. */
      readonly mine: boolean;
      /** What this person calls them, if the kit is kept already. */
      readonly name: string | null;
    }
  | { readonly kind: 'request'; readonly name: string; readonly approved: boolean; readonly approvals: ApprovalsView };

/** How far guardians have come with a request for new keys. */
export interface ApprovalsView {
  /** Twenty digits in five groups, that both sides compare. */
  readonly digits: string;
  readonly addresses: number;
  readonly by: number;
  readonly threshold: number;
  readonly delaySeconds: number;
  readonly readyAt: number | null;
  readonly taken: boolean;
}

/** How far somebody is on the way back to lost keys. */
export interface WayBackView {
  readonly request: string;
  readonly ready: boolean;
  readonly approvals: ApprovalsView;
}

/** The versions of one record that the hospital sealed, the newest first. */
export interface VersionsView {
  /** Whether they go back to the first list that it sealed. */
  readonly whole: boolean;
  /** How many versions in the category cannot be shown, of whatever records. */
  readonly withheld: number;
  readonly versions: readonly VersionView[];
}

export interface VersionView {
  readonly revision: number;
  /** When the list that it came with was sealed; null where it may be older than the lists that were read. */
  readonly since: number | null;
  /** When the first list without it was; null while it is in the newest. */
  readonly until: number | null;
  readonly view: RecordView;
}

/** Records in one file, for whoever reads FHIR. */
export interface TakenView {
  readonly text: string;
  readonly records: number;
  /** How many are not in it, since they do not hold. */
  readonly withheld: number;
}
