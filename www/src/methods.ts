/** The contract between `client.ts` and `worker.ts`: every method by name, with what it takes and gives. */
import type {
  AccessesView,
  CategoryName,
  InvitationView,
  MemberView,
  PersonView,
  RecordsView,
  RelationshipView,
  SharedView,
  SyncView,
  VaultState,
  ViewerView,
} from './types.js';

/** The methods of the worker, by name, with what they take and give. */
export interface Methods {
  open: (networkJson: string) => null;
  vaultState: () => VaultState;
  createVault: (password: Uint8Array<ArrayBuffer>) => string;
  restoreVault: (phrase: Uint8Array<ArrayBuffer>, password: Uint8Array<ArrayBuffer>) => null;
  unlock: (password: Uint8Array<ArrayBuffer>) => null;
  eraseVault: () => null;
  sync: () => SyncView;
  evidence: () => string | null;
  person: () => PersonView;
  members: () => readonly MemberView[];
  invitation: (text: string) => InvitationView;
  acceptInvitation: (text: string) => RelationshipView;
  relationships: () => readonly RelationshipView[];
  records: (relationship: string) => RecordsView;
  accesses: (relationship: string, all: boolean) => AccessesView;
  sharedWithMe: () => readonly SharedView[];
  sharedRecords: (patient: string, steward: string) => RecordsView;
  viewers: (relationship: string) => readonly ViewerView[];
  grant: (relationship: string, viewer: string, categories: readonly CategoryName[], until: number | null) => ViewerView;
  revoke: (relationship: string, viewer: string) => null;
  nameViewer: (viewer: string, name: string) => null;
}
