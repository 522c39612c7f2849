// The viewer of a real server in a real browser that reaches nothing else.

import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, afterEach, before, test} from 'node:test';
import {WatchedPage, launch} from './browser.mjs';
import {Server, program} from './servers.mjs';
import {writeUtm, writeVector, writeWorld} from './tilesets.mjs';

const red = [200, 30, 40];
const blue = [20, 60, 190];
const hostileName = '<script>window.hacked = 1</script><img src=x onerror="window.hacked=1">';

let folder;
let server;
let url;
let browser;
let opened;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'offgrid-viewer-'));
  writeWorld(path.join(folder, 'red.mbtiles'), red, {name: 'Red world'});
  writeWorld(path.join(folder, 'blue.mbtiles'), blue, {
    name: hostileName,
    attribution: '<script>window.hacked = 1</script><b onclick="x()">Anna</b> <a href="https://example.org/a">her site</a> <a href="javascript:x()">no link</a>',
  });
  const utm = writeUtm(folder, [40, 160, 70]);
  writeVector(path.join(folder, 'square.mbtiles'), folder);
  const files = ['red.mbtiles', 'blue.mbtiles', 'square.mbtiles'].map((name) => path.join(folder, name));
  server = new Server([program('offgrid-serve'), 'serve', ...files, utm, '--listen', '127.0.0.1:0']);
  url = await server.address('listening on');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, {recursive: true, force: true});
});

afterEach(async () => {
  await opened?.page.close();
  opened = undefined;
});

async function open(hash = '', options = {}) {
  opened = await WatchedPage.open(browser, `${url}/${hash}`, options);
  await opened.until(() => document.querySelectorAll('#catalogue li').length > 0);
  return opened;
}

function card(id) {
  return `#catalogue li[data-id="${id}"] .card`;
}

/** A place of the map that no control covers. */
const middle = [805, 400];

test('lists the layers with thumbnails, and shows the first', async () => {
  const viewer = await open();
  await viewer.until(() => [...document.querySelectorAll('#catalogue img')].filter((image) => image.naturalWidth === 256).length >= 2);
  const ids = await viewer.page.$$eval('#catalogue li', (items) => items.map((item) => item.dataset.id));
  assert.deepEqual(ids, ['blue', 'red', 'square', 'utm']);
  assert.match(await viewer.text(card('red')), /Red world.*zooms 0–2 · png · EPSG:3857/);
  assert.equal(await viewer.text('#catalogue-count'), '4 layers');
  await viewer.untilColor(...middle, blue);
  viewer.assertClean();
});

test('finds layers by what is typed', async () => {
  const viewer = await open();
  await viewer.page.type('#filter', 'RED wor');
  assert.deepEqual(await viewer.texts('#catalogue .title'), ['Red world']);
  assert.equal(await viewer.text('#catalogue-count'), '1 of 4 layers');
  viewer.assertClean();
});

test('shows what packages say as text only', async () => {
  const viewer = await open('#blue');
  await viewer.untilColor(...middle, blue);
  await viewer.until(() => document.querySelector('.ol-attribution li'));
  assert.equal(await viewer.text(`${card('blue')} .title`), hostileName);
  assert.equal(await viewer.text('.ol-attribution li'), 'Anna her site no link');
  assert.deepEqual(await viewer.page.$$eval('.ol-attribution a', (links) => links.map((link) => link.href)), ['https://example.org/a']);
  assert.equal(await viewer.page.$('.ol-attribution [onclick], .ol-attribution script'), null);
  assert.equal(await viewer.page.evaluate(() => window.hacked), undefined);
  viewer.assertClean();
});

test('draws several layers in the wanted order and strength', async () => {
  const viewer = await open('#layers=red');
  await viewer.untilColor(...middle, red);
  await viewer.page.click(card('blue'));
  await viewer.untilColor(...middle, blue);
  await viewer.page.$eval('#stack li[data-id="blue"] .opacity', (slider) => {
    slider.value = 50;
    slider.dispatchEvent(new Event('input'));
  });
  await viewer.untilColor(...middle, [110, 45, 115]);
  assert.equal(await viewer.page.$eval(card('blue'), (button) => button.getAttribute('aria-pressed')), 'true');
  await viewer.page.click('#stack li[data-id="blue"] .down');
  await viewer.untilColor(...middle, red);
  viewer.assertClean();
});

test('compares two layers side by side', async () => {
  const viewer = await open('#layers=blue,red&swipe=red,blue,50');
  await viewer.untilColor(700, 400, red);
  await viewer.untilColor(900, 400, blue);
  await viewer.page.click('#tab-tools');
  await viewer.page.focus('#swipe-line');
  await viewer.page.keyboard.press('Home');
  await viewer.untilColor(700, 400, blue);
  await viewer.page.click('#swipe-on');
  await viewer.untilColor(700, 400, red);
  viewer.assertClean();
});

test('has a link that shows the same again', async () => {
  const viewer = await open('#layers=red,blue:40:off&at=4000000,1000000,4&show=graticule');
  await viewer.untilColor(...middle, red);
  await viewer.until(() => location.hash.includes('show=graticule'));
  const hash = await viewer.page.evaluate(() => location.hash);
  assert.equal(hash, '#layers=red,blue:40:off&at=4000000,1000000,4&show=graticule');
  await viewer.page.click('.ol-zoom-in');
  await viewer.until(() => location.hash.includes(',5&'));
  assert.match(await viewer.text('#position'), /^zoom 5\.0 · 8\.9\d+, 35\.9\d+$/);
  viewer.assertClean();
});

test('goes to a place in every form that is used in the field', async () => {
  const viewer = await open('#layers=red');
  await viewer.untilColor(...middle, red);
  const places = ['-1.2833, 36.8167', '1°17′S 36°49′E', '37MBU5700058046', '37M 257057 9858046'];
  for (const place of places) {
    await viewer.page.$eval('#place', (field) => (field.value = ''));
    await viewer.page.type('#place', `${place}\n`);
    await viewer.until(() => /^Marked /.test(document.querySelector('#message').textContent));
    const [, latitude, longitude] = /Marked (-?\d+\.\d+), (-?\d+\.\d+)/.exec(await viewer.text('#message'));
    assert.ok(Math.abs(Number(latitude) + 1.2833) < 0.001, `${place}: ${latitude}`);
    assert.ok(Math.abs(Number(longitude) - 36.8167) < 0.001, `${place}: ${longitude}`);
    await viewer.page.$eval('#message', (message) => (message.textContent = ''));
  }
  await viewer.page.$eval('#place', (field) => (field.value = ''));
  await viewer.page.type('#place', 'nowhere\n');
  await viewer.until(() => document.querySelector('#place-error').textContent.startsWith('That is no place.'));
  viewer.assertClean();
});

test('draws a layer in UTM over web mercator, and alone in its own grid', async () => {
  const viewer = await open('#layers=red,utm&at=4341000,100000,8');
  await viewer.untilColor(...middle, [40, 160, 70]);
  assert.deepEqual(await viewer.texts('#stack .note:not([hidden])'), []);
  await viewer.page.click('#catalogue li[data-id="utm"] .icon');
  await viewer.until(() => location.hash.startsWith('#layers=utm&at=502400,102400,'));
  await viewer.untilColor(...middle, [40, 160, 70]);
  assert.match(await viewer.text('#position'), /0\.92\d+, 39\.02\d+/);
  viewer.assertClean();
});

test('draws vector tiles', async () => {
  const viewer = await open('#layers=square&at=0,0,2');
  await viewer.until(() => location.hash.includes('at='));
  const fill = 0.18;
  const page = await viewer.colorAt(365, 600);
  await viewer.untilColor(900, 300, page.map((value, channel) => value * (1 - fill) + [22, 101, 52][channel] * fill));
  viewer.assertClean();
});

test('measures on the ellipsoid, also without a pointer', async () => {
  const viewer = await open('#layers=red&at=0,0,3');
  await viewer.untilColor(...middle, red);
  await viewer.page.click('#tab-tools');
  await viewer.page.focus('#measure-length');
  await viewer.page.keyboard.press('Enter');
  const markCentre = async (longitude) => {
    await viewer.page.$eval('#place', (field) => (field.value = ''));
    await viewer.page.type('#place', `0, ${longitude}\n`);
    await viewer.until((text) => document.querySelector('#message').textContent === text, `Marked 0.00000, ${longitude.toFixed(5)}.`);
    await viewer.page.focus('#measure-point');
    await viewer.page.keyboard.press('Enter');
  };
  await markCentre(0);
  await markCentre(10);
  // A degree of the equator of WGS 84 is 2 π 6378137 m / 360.
  await viewer.until(() => document.querySelector('#measured').value === '1,113.19 km');
  viewer.assertClean();
});

test('can be used by keyboard alone', async () => {
  const viewer = await open('#layers=red');
  await viewer.page.focus('#filter');
  await viewer.page.keyboard.press('Tab');
  await viewer.page.keyboard.press('ArrowDown');
  assert.equal(await viewer.page.evaluate(() => document.activeElement.closest('li').dataset.id), 'red');
  await viewer.page.keyboard.press('ArrowUp');
  await viewer.page.keyboard.press('Enter');
  await viewer.untilColor(...middle, blue);
  await viewer.page.focus('#tab-layers');
  await viewer.page.keyboard.press('ArrowRight');
  assert.equal(await viewer.page.evaluate(() => document.activeElement.id), 'tab-tools');
  await viewer.page.focus('#map');
  const before = await viewer.page.evaluate(() => location.hash);
  await viewer.page.keyboard.press('+');
  await viewer.until((hash) => location.hash !== hash, before);
  viewer.assertClean();
});

test('fits the smallest phones, where Escape closes the panel', async () => {
  const viewer = await open('#layers=red', {width: 320, height: 560});
  assert.equal(await viewer.page.$eval('#panel', (panel) => panel.hidden), true);
  await viewer.page.click('#open-panel');
  assert.equal(await viewer.page.evaluate(() => document.documentElement.scrollWidth), 320);
  for (const tab of ['#tab-tools', '#tab-layers']) {
    await viewer.page.click(tab);
    assert.equal(await viewer.page.$eval('.scroll:not([hidden])', (list) => list.scrollWidth - list.clientWidth), 0);
  }
  await viewer.page.keyboard.press('Escape');
  assert.equal(await viewer.page.evaluate(() => document.activeElement.id), 'open-panel');
  viewer.assertClean();
});

for (const scheme of ['light', 'dark']) {
  test(`follows the rules for accessible pages, ${scheme}`, async () => {
    const viewer = await open('#layers=red,blue&swipe=red,blue,50', {scheme});
    await viewer.until(() => document.querySelectorAll('#stack li').length === 2);
    for (const tab of ['#tab-layers', '#tab-tools']) {
      await viewer.page.click(tab);
      assert.deepEqual(await viewer.accessibilityProblems(), []);
      assert.deepEqual(await viewer.namelessControls(), []);
    }
    viewer.assertClean();
  });
}

test('numbers the tiles from both ends', async () => {
  const viewer = await open('#layers=red&at=0,0,1');
  await viewer.untilColor(...middle, red);
  await viewer.page.click('#tab-tools');
  await viewer.page.click('#show-tiles');
  await viewer.until(() => location.hash.includes('show=tiles'));
  await viewer.untilColor(805, 399, [157, 23, 77]);  // the edge between the tiles
  viewer.assertClean();
});
