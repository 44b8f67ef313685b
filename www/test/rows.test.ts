import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gapOf, untilOf, type GrantDraft } from '../src/elements/grant-draft.js';
import { groupsOf, narrowed, tally, trustOf, type Filter } from '../src/elements/rows.js';
import { en } from '../src/text/en.js';
import { Format } from '../src/text/format.js';
import type { CategoryName, ProofView, RecordEntry, RecordsView } from '../src/types.js';

const proof: ProofView = {
  header: { number: 1, hash: '0x', time: 0, seals: 4, validators: 4, quorum: 3, signers: [], proposer: '0x', round: 0 },
  registry: { address: '0x', networkId: '0x', slot: '0x' },
  relationship: { contract: '0x', patient: '0x', steward: '0x', slot: '0x', root: '0x', count: 1, revision: 1 },
  record: { index: 0, count: 1, category: 'results', leaf: '0x', path: [], root: '0x' },
  digest: { algorithm: 'SHA-256', value: null, canonical: '' },
  brokenRung: null,
};

function entry(index: number, title: string | null, date: string | null, state: RecordEntry['state'] = 'verified'): RecordEntry {
  const view = title === null ? null : { id: title, resourceType: 'Observation', category: 'results' as const, date, title, value: null, measures: [], rows: [] };
  return { state, index, count: 3, view, proof };
}

function answer(name: string, category: CategoryName, records: readonly RecordEntry[]): RecordsView {
  const steward = { address: `0x${name}`, kind: 'provider' as const, name, endpoint: '', active: true };
  return {
    relationship: { id: `p:${name}`, patient: 'p', steward, status: 'active', openedAt: 0, recordSet: null, viewerCount: 0 },
    provenAt: { block: 1, time: 0 },
    categories: [{ category, count: records.length, state: 'complete', error: null, records }],
  };
}

const all: Filter = { category: null, steward: null, search: '' };
const format = new Format('en-GB');
const views = [
  answer('General', 'results', [entry(0, 'Glucose', '2020-01-01'), entry(1, null, null, 'altered'), entry(2, 'Calcium', '2023-05')]),
  answer('Riverside', 'results', [entry(0, 'Glucose', '2022-01-01'), entry(1, 'Sodium', null)]),
  answer('Riverside', 'allergies', [entry(0, 'Pollen', '1999')]),
];

describe('rows', () => {
  it('put the categories in their order and the newest record first, after what is withheld', () => {
    const groups = groupsOf(views);
    assert.deepEqual(groups.map(({ category }) => category), ['allergies', 'results']);
    assert.deepEqual(groups[1]?.rows.map((row) => row.entry.view?.title ?? null), [null, 'Calcium', 'Glucose', 'Glucose', 'Sodium']);
  });

  it('have keys of their own', () => {
    const keys = groupsOf(views).flatMap(({ rows }) => rows.map(({ key }) => key));
    assert.equal(new Set(keys).size, keys.length);
  });

  it('leave out a category that holds nothing', () => {
    assert.deepEqual(groupsOf([answer('General', 'notes', [])]), []);
  });

  it('are found by every word, also of the date as it is shown', () => {
    const found = (search: string): readonly string[] =>
      narrowed(groupsOf(views), { ...all, search }, en, format).flatMap(({ rows }) => rows.map(({ key }) => key));
    assert.deepEqual(found('gluc river'), ['results.0.0xRiverside']);
    assert.deepEqual(found('may 2023'), ['results.2.0xGeneral']);
    assert.deepEqual(found('nothing like it'), []);
  });

  it('are narrowed by category and hospital', () => {
    const narrow = narrowed(groupsOf(views), { category: 'results', steward: '0xRiverside', search: '' }, en, format);
    assert.deepEqual(narrow.map(({ category, rows }) => [category, rows.length]), [['results', 2]]);
  });

  it('are counted by what holds', () => {
    const view = views[0]?.categories[0];
    assert.ok(view);
    assert.deepEqual(tally(view), { good: 2, altered: 1, missing: 0 });
  });

  it('never wear a good badge when they are altered or missing', () => {
    assert.equal(trustOf(entry(0, null, null, 'altered'), true), 'broken');
    assert.equal(trustOf(entry(0, null, null, 'missing'), false), 'missing');
    assert.equal(trustOf(entry(0, 'Glucose', null), true), 'stale');
    assert.equal(trustOf(entry(0, 'Glucose', null), false), 'verified');
  });
});

describe('a grant that is being drafted', () => {
  const now = Math.floor(new Date(2026, 0, 31, 10).getTime() / 1000);
  const draft: GrantDraft = { who: '0x1', code: '', relationship: 'p:s', categories: ['results'], span: 'week', day: '' };

  it('ends at the end of its last day', () => {
    assert.equal(untilOf(draft, now), new Date(2026, 1, 7, 23, 59, 59).getTime() / 1000);
    assert.equal(untilOf({ ...draft, span: 'month' }, now), new Date(2026, 1, 28, 23, 59, 59).getTime() / 1000);
    assert.equal(untilOf({ ...draft, span: 'date', day: '2026-03-05' }, now), new Date(2026, 2, 5, 23, 59, 59).getTime() / 1000);
    assert.equal(untilOf({ ...draft, span: 'open' }, now), null);
  });

  it('says what is missing', () => {
    assert.equal(gapOf({ ...draft, who: '' }, 1, now), 'who');
    assert.equal(gapOf({ ...draft, who: 'code', code: '0x12' }, 1, now), 'code');
    assert.equal(gapOf({ ...draft, who: 'code', code: `medrec:viewer:81777:0x${'ab'.repeat(20)}` }, 1, now), undefined);
    assert.equal(gapOf({ ...draft, categories: [] }, 2, now), 'categories');
    assert.equal(gapOf({ ...draft, span: 'date', day: '' }, 2, now), 'until');
    assert.equal(gapOf({ ...draft, span: 'date', day: '2026-01-30' }, 2, now), 'until');
    assert.equal(gapOf(draft, 2, now), undefined);
  });
});
