/** The contract between `client.ts` and `worker.ts`: every method by name, with what it takes and gives. */
import type { Language } from './text/words.js';
import type {
  AccessesView,
  BackupView,
  CategoryName,
  GuardiansView,
  HandoverView,
  InvitationView,
  MeasurementName,
  MemberView,
  PersonView,
  RecordsView,
  RelationshipView,
  SharedView,
  SyncView,
  TakenView,
  VaultState,
  VaultWays,
  VersionsView,
  ViewerView,
  WardView,
  WayBackView,
} from './types.js';

/** The methods of the worker, by name, with what they take and give. */
export interface Methods {
  open: (networkJson: string) => null;
  vaultState: () => VaultState;
  createVault: (password: Uint8Array<ArrayBuffer>, language: Language) => string;
  restoreVault: (phrase: Uint8Array<ArrayBuffer>, password: Uint8Array<ArrayBuffer>) => null;
  unlock: (password: Uint8Array<ArrayBuffer>) => null;
  unlockWithPasskey: (credential: Uint8Array<ArrayBuffer>, output: Uint8Array<ArrayBuffer>) => null;
  unlockWithCode: (code: Uint8Array<ArrayBuffer>) => null;
  ways: () => VaultWays;
  changePassword: (former: Uint8Array<ArrayBuffer>, password: Uint8Array<ArrayBuffer>) => null;
  checkPassword: (password: Uint8Array<ArrayBuffer>) => null;
  newPasskeySalt: () => Uint8Array<ArrayBuffer>;
  addPasskey: (
    password: Uint8Array<ArrayBuffer>,
    credential: Uint8Array<ArrayBuffer>,
    salt: Uint8Array<ArrayBuffer>,
    name: string,
    output: Uint8Array<ArrayBuffer>,
  ) => null;
  removePasskey: (credential: Uint8Array<ArrayBuffer>) => null;
  makeRecoveryCode: (password: Uint8Array<ArrayBuffer>) => string;
  backUp: (password: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  backupTried: () => boolean;
  tryBackup: (file: Uint8Array<ArrayBuffer>, password: Uint8Array<ArrayBuffer>) => BackupView;
  restoreBackup: (file: Uint8Array<ArrayBuffer>, password: Uint8Array<ArrayBuffer>) => null;
  eraseVault: () => null;
  newPhrase: (language: Language) => string;
  isRenewing: () => boolean;
  beginRenewal: (phrase: Uint8Array<ArrayBuffer>) => null;
  finishRenewal: () => null;
  guardians: () => GuardiansView;
  chooseGuardians: (guardians: readonly string[], threshold: number, delaySeconds: number) => null;
  coverWithGuardians: () => null;
  dismissGuardians: () => null;
  objectToKeys: () => null;
  handover: (text: string) => HandoverView;
  keepKit: (text: string, name: string) => null;
  wards: () => readonly WardView[];
  dropKit: (person: string) => null;
  approveKeys: (text: string) => null;
  beginWayBack: (text: string) => null;
  wayBack: () => WayBackView | null;
  finishWayBack: () => null;
  leaveWayBack: () => null;
  sync: () => SyncView;
  evidence: () => string | null;
  person: () => PersonView;
  members: () => readonly MemberView[];
  invitation: (text: string) => InvitationView;
  acceptInvitation: (text: string) => RelationshipView;
  relationships: () => readonly RelationshipView[];
  records: (relationship: string) => RecordsView;
  versions: (relationship: string, category: CategoryName, record: string) => VersionsView;
  accesses: (relationship: string, all: boolean) => AccessesView;
  addNote: (relationship: string, title: string, text: string, date: string) => null;
  addMeasurement: (relationship: string, kind: MeasurementName, values: readonly number[], date: string) => null;
  takeAlong: (relationships: readonly string[], categories: readonly CategoryName[], format: 'bundle' | 'ndjson') => TakenView;
  sharedWithMe: () => readonly SharedView[];
  sharedRecords: (patient: string, steward: string) => RecordsView;
  viewers: (relationship: string) => readonly ViewerView[];
  confirmWithPassword: (password: Uint8Array<ArrayBuffer>) => null;
  confirmWithPasskey: (credential: Uint8Array<ArrayBuffer>, output: Uint8Array<ArrayBuffer>) => null;
  grant: (relationship: string, viewer: string, categories: readonly CategoryName[], until: number | null) => ViewerView;
  revoke: (relationship: string, viewer: string) => null;
  nameViewer: (viewer: string, name: string) => null;
}
