import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allTrends, ticks, trendsOf, type Trend } from '../src/elements/trends.js';
import type { Row } from '../src/elements/rows.js';
import type { Measure, ProofView, RecordView } from '../src/types.js';

const proof: ProofView = {
  header: { number: 1, hash: '0x', time: 0, seals: 4, validators: 4, quorum: 3, signers: [], proposer: '0x', round: 0 },
  registry: { address: '0x', networkId: '0x', slot: '0x' },
  relationship: { contract: '0x', patient: '0x', steward: '0x', slot: '0x', root: '0x', count: 1, revision: 1 },
  record: { index: 0, count: 1, category: 'vital-signs', leaf: '0x', path: [], root: '0x' },
  digest: { algorithm: 'SHA-256', value: null, canonical: '' },
  brokenRung: null,
};

/** The trends of the record that is first. */
const ofFirst = (rows: readonly Row[]): readonly Trend[] => rows.slice(0, 1).flatMap((first) => trendsOf(first, rows));

function measure(code: string, value: number, more: Partial<Measure> = {}): Measure {
  return { code, name: code, value, unit: 'mmHg', low: null, high: null, ...more };
}

function row(key: string, date: string | null, measures: readonly Measure[], hospital = 'General Hospital'): Row {
  const view: RecordView = { id: key, resourceType: 'Observation', category: 'vital-signs', date, title: `title of ${key}`, value: null, measures, rows: [] };
  return { key, category: 'vital-signs', relationship: 'p:0x1', hospital, steward: '0x1', provenAt: 0, entry: { state: 'verified', index: 0, count: 1, view, proof } };
}

describe('trends', () => {
  it('follow one measurement over all hospitals, the oldest first', () => {
    const rows = [
      row('b', '2021-05-04', [measure('weight', 82, { unit: 'kg' })]),
      row('a', '2020-01', [measure('weight', 80, { unit: 'kg' })], 'Riverside Clinic'),
      row('pounds', '2020-06-01', [measure('weight', 180, { unit: 'lb' })]),
      row('undated', null, [measure('weight', 1, { unit: 'kg' })]),
      row('nonsense', 'once', [measure('weight', 1, { unit: 'kg' })]),
      row('other', '2020-06-01', [measure('height', 180, { unit: 'kg' })]),
    ];
    const [trend, ...rest] = ofFirst(rows);
    assert.deepEqual(rest, []);
    assert.equal(trend?.title, 'weight');
    assert.deepEqual(trend.moments.map(({ key, values, hospitals }) => [key, values, hospitals]), [['a', [80], ['Riverside Clinic']], ['b', [82], ['General Hospital']]]);
    assert.deepEqual(ofFirst(rows.slice(2)), []);
  });

  it('draw what shares a unit together', () => {
    const rows = [row('a', '2020-01-01', [measure('upper', 120), measure('lower', 80)]), row('b', '2021-01-01', [measure('lower', 81)])];
    const [trend] = ofFirst(rows);
    assert.equal(trend?.title, 'title of a');
    assert.deepEqual(trend.moments.map(({ values }) => values), [[120, 80], [null, 81]]);
  });

  it('count one measurement once, though a panel, its parts and two hospitals have it', () => {
    const rows = [
      row('panel', '2020-01-01', [measure('upper', 120), measure('lower', 80)]),
      row('upper', '2020-01-01', [measure('upper', 120)]),
      row('copy', '2020-01-01', [measure('lower', 80)], 'Riverside Clinic'),
      row('other', '2020-01-01', [measure('upper', 131)]),
    ];
    const moments = ofFirst(rows)[0]?.moments.map(({ key, values, hospitals }) => [key, values, hospitals.length]);
    assert.deepEqual(moments, [['panel', [120, 80], 2], ['other', [131, null], 1]]);
  });

  it('take the newest reference range', () => {
    const rows = [
      row('a', '2020-01-01', [measure('x', 1, { low: 0, high: 5 })]),
      row('b', '2021-01-01', [measure('x', 2, { low: null, high: 6 })]),
      row('c', '2022-01-01', [measure('x', 3)]),
    ];
    assert.deepEqual(ofFirst(rows)[0]?.range, { low: null, high: 6 });
  });

  it('are not listed beside the panel that they are part of', () => {
    const rows = ['2020', '2021'].flatMap((year) => [row(`u${year}`, year, [measure('upper', 120)]), row(`p${year}`, year, [measure('upper', 120), measure('lower', 80)])]);
    assert.deepEqual(allTrends(rows, 2).map(({ lines }) => lines.length), [2]);
  });

  it('are listed once each, from a number of values on', () => {
    const often = ['2020', '2021', '2022'].map((year) => row(year, year, [measure('x', 1)]));
    const seldom = ['2020', '2021'].map((year) => row(`s${year}`, year, [measure('y', 1)]));
    assert.deepEqual(allTrends([...often, ...seldom], 3).map(({ title }) => title), ['x']);
    assert.deepEqual(allTrends([...often, ...seldom], 2).map(({ title }) => title), ['x', 'y']);
  });
});

describe('ticks', () => {
  it('are round and within', () => {
    assert.deepEqual(ticks(0, 10, 4), [0, 5, 10]);
    assert.deepEqual(ticks(117.2, 139.8, 4), [120, 130]);
    assert.deepEqual(ticks(0.12, 0.31, 4), [0.15, 0.2, 0.25, 0.3]);
    assert.deepEqual(ticks(5, 5, 4), [5]);
  });
});
