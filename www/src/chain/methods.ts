/** The contract between `index.ts` and `worker.ts`: every method by name, with what it takes and gives. */
import type {
  AccountView,
  BlockView,
  LogQuery,
  LogView,
  ReceiptView,
  SlotView,
  SyncView,
  TransactionView,
} from '../views.js';

/** The methods of the worker, by name. */
export interface Methods {
  open: (networkJson: string) => null;
  sync: () => SyncView;
  checkpoint: (json: string) => SyncView;
  head: () => BlockView;
  block: (number: number) => BlockView;
  transactions: (number: number) => readonly TransactionView[];
  account: (address: string) => AccountView;
  storage: (address: string, slots: readonly string[]) => readonly SlotView[];
  code: (address: string) => string;
  transaction: (hash: string) => TransactionView;
  receipt: (hash: string) => ReceiptView;
  logs: (query: LogQuery) => readonly LogView[];
  send: (raw: string) => string;
  evidence: () => string | null;
}
