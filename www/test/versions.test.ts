import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changesOf } from '../src/elements/versions.js';
import type { RecordView } from '../src/types.js';

const view: RecordView = {
  id: 'a', resourceType: 'Observation', category: 'results', date: '2020-01-02', title: 'Haemoglobin', value: '10.2 g/dL', measures: [],
  rows: [{ label: 'status', value: 'preliminary' }, { label: 'component', value: 'a' }, { label: 'component', value: 'b' }],
};

describe('versions', () => {
  it('tell what changed, what came and what went', () => {
    const after = { ...view, value: '12 g/dL', date: null, rows: [{ label: 'status', value: 'final' }, { label: 'component', value: 'a' }, { label: 'note', value: 'n' }] };
    assert.deepEqual(changesOf(view, after), [
      { label: 'value', before: '10.2 g/dL', after: '12 g/dL' },
      { label: 'date', before: '2020-01-02', after: null },
      { label: 'status', before: 'preliminary', after: 'final' },
      { label: 'component', before: 'a; b', after: 'a' },
      { label: 'note', before: null, after: 'n' },
    ]);
    assert.deepEqual(changesOf(view, view), []);
  });
});
