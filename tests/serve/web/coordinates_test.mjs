import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parsePlace, placeText} from '../../../serve/web/src/coordinates.js';

const near = (place, lat, lon) => {
  assert.ok(Math.abs(place.lat - lat) < 1e-5 && Math.abs(place.lon - lon) < 1e-5, JSON.stringify(place));
};

test('reads degrees in every way they are written', () => {
  const lat = -1.29;
  const lon = 36.82;
  for (const text of [
    '-1.29, 36.82', '-1.29 36.82', ' -1.29;36.82 ', '1.29S 36.82E', '1.29° S, 36.82° E', '36.82E 1.29S', 'S1.29 E36.82',
    '1°17.4′S 36°49.2′E', `1°17'24"S 36°49'12"E`, '1° 17′ 24″ S, 36° 49′ 12″ E', `-1°17'24", 36°49'12"`,
  ]) {
    near(parsePlace(text), lat, lon);
  }
});

test('keeps the sign of an angle that is less than a degree', () => {
  near(parsePlace(`-0°30'0", -0°15'`), -0.5, -0.25);
});

test('brings longitudes beyond 180 to where they are', () => {
  near(parsePlace('10, 190'), 10, -170);
});

test('reads UTM with a band or in words, and MGRS', () => {
  const utm = {zone: 37, isSouth: true, easting: 258121, northing: 9858000};
  assert.deepEqual(parsePlace('37M 258121 9858000'), {utm});
  assert.deepEqual(parsePlace('37 south 258121, 9858000'), {utm});
  assert.deepEqual(parsePlace('37 S 258121 3858000'), {utm: {zone: 37, isSouth: false, easting: 258121, northing: 3858000}});
  assert.deepEqual(parsePlace('37m bu 58121 58000'), {mgrs: '37MBU5812158000'});
});

test('reads places in the unit of the map', () => {
  assert.deepEqual(parsePlace('xy 502400 102400.5'), {x: 502400, y: 102400.5});
});

test('says what is wrong with other texts', () => {
  for (const [text, reason] of [
    ['', /no place/], ['Nairobi', /no place/], ['1', /no place/], ['1,2,3', /no place/], ['91, 0', /Latitudes go to 90/],
    ['0, 361', /longitudes to 180/], [`1°60'N 2°E`, /less than 60/], ['1N 2N', /One of N or S/], ['61M 258121 9858000', /Zones/],
    ['37I 258121 9858000', /no place/], ['37MBU581', /no place/], ['1e5, 2', /no place/],
  ]) {
    assert.throws(() => parsePlace(text), reason, text);
  }
});

test('does not take long for a long text', () => {
  const start = performance.now();
  assert.throws(() => parsePlace(`${'1 '.repeat(20_000)}x`), /no place/);
  assert.throws(() => parsePlace('1'.repeat(40_000) + 'x'), /no place/);
  assert.ok(performance.now() - start < 2000);
});

test('writes places so that they can be read again', () => {
  near(parsePlace(placeText(36.82, -1.29)), -1.29, 36.82);
});
