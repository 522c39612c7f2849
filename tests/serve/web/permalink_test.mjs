import assert from 'node:assert/strict';
import {test} from 'node:test';
import {linkOf, parseLink} from '../../../serve/web/src/permalink.js';

test('says the same again', () => {
  const shown = {
    entries: [
      {id: 'sf:roads', opacity: 1, isVisible: true},
      {id: 'a,b&c=d~#é', opacity: 0.4, isVisible: true},
      {id: 'off', opacity: 1, isVisible: false},
      {id: 'both', opacity: 0, isVisible: false},
    ],
    view: {x: -8656942.03, y: 2819106.85, zoom: 8.823},
    swipe: {left: 'sf:roads', right: 'a,b&c=d~#é', share: 0.35},
    show: ['graticule', 'tiles'],
  };
  assert.deepEqual(parseLink(linkOf(shown)), shown);
});

test('reads a layer alone, as older links have it', () => {
  assert.deepEqual(parseLink('#sf%3Aroads').entries, [{id: 'sf:roads', opacity: 1, isVisible: true}]);
});

test('takes what it can of a broken link', () => {
  for (const [hash, entries] of [
    ['', []], ['#', []], ['#layers=', []], ['#%', []], ['#layers=%E0%A4%A', []], ['#x=y&&=', []],
    ['#layers=a:x:y', [{id: 'a', opacity: 1, isVisible: true}]], ['#layers=a:900', [{id: 'a', opacity: 1, isVisible: true}]],
    ['#layers=a:-5:off', [{id: 'a', opacity: 0, isVisible: false}]],
  ]) {
    const link = parseLink(hash);
    assert.deepEqual(link.entries, entries, hash);
    assert.equal(link.view, undefined);
  }
  assert.equal(parseLink('#layers=a&at=1,2').view, undefined);
  assert.equal(parseLink('#layers=a&at=1,NaN,3').view, undefined);
  assert.deepEqual(parseLink('#layers=a&show=graticule,evil').show, ['graticule']);
});
