import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Format } from '../src/text/format.js';
import { strengthOf } from '../src/text/strength.js';
import { preferredLanguage } from '../src/text/words.js';

describe('format', () => {
  const english = new Format('en-GB');
  const chinese = new Format('zh-Hans-CN');

  it('writes a time under a day as relative', () => {
    assert.equal(english.ago(1000, 1003), '3 seconds ago');
    assert.equal(english.ago(1000, 1000 + 150), '2 minutes ago');
    assert.equal(english.ago(1000, 1000 + 7300), '2 hours ago');
    assert.equal(chinese.ago(1000, 1000 + 7300), '2小时前');
  });

  it('writes a time of a day ago as absolute', () => {
    assert.match(english.ago(1_700_000_000, 1_700_000_000 + 86_400), /November 2023/);
  });

  it('never writes a time in the future', () => {
    assert.equal(english.ago(2000, 1000), '1 second ago');
  });

  it('writes a record date in the precision it was recorded with', () => {
    assert.equal(english.recordDate('2015'), '2015');
    assert.equal(english.recordDate('2015-02'), 'February 2015');
    assert.equal(english.recordDate('2015-02-03'), '3 Feb 2015');
    assert.equal(chinese.recordDate('2015-02'), '2015年2月');
  });

  it('keeps the day of a record date in every time zone', () => {
    assert.equal(english.recordDate('2015-02-03T23:30:00-11:00'), '3 Feb 2015');
    assert.equal(english.recordDate('2015-02-03T00:10:00+14:00'), '3 Feb 2015');
  });

  it('leaves a date that is none as it is', () => {
    assert.equal(english.recordDate('<b>soon</b>'), '<b>soon</b>');
  });

  it('shortens an address to its ends', () => {
    assert.equal(english.short('0x0123456789abcdef0123456789abcdef01234567'), '0x0123…4567');
    assert.equal(english.short('0x0123'), '0x0123');
  });
});

describe('strengthOf', () => {
  it('rises with length and variety', () => {
    assert.equal(strengthOf(''), 'none');
    assert.equal(strengthOf('abc'), 'short');
    assert.equal(strengthOf('aaaaaaaaaaaaaaaa'), 'weak');
    assert.equal(strengthOf('correct horse'), 'fair');
    assert.equal(strengthOf('correct horse battery staple'), 'strong');
    assert.equal(strengthOf('我家的猫最爱晒太阳'), 'strong');
  });
});

describe('preferredLanguage', () => {
  it('takes the first language it has', () => {
    assert.equal(preferredLanguage(['zh-TW', 'en']), 'zh');
    assert.equal(preferredLanguage(['fr', 'en-US', 'zh']), 'en');
    assert.equal(preferredLanguage(['fr']), 'en');
    assert.equal(preferredLanguage([]), 'en');
  });
});
