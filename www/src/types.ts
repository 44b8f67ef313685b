/** The views, and the one list that goes with them. Imported by everything that shows something. */
import type { CategoryName } from './views.js';

export type * from './views.js';

/** All categories, in the order of the record tree. */
export const CATEGORIES: readonly CategoryName[] = [
  'allergies',
  'problems',
  'medicines',
  'results',
  'vital-signs',
  'immunisations',
  'procedures',
  'visits',
  'documents',
  'notes',
  'own-data',
  'devices',
  'profile',
];
