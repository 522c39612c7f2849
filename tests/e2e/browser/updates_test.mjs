// The page of updates of a real daemon in a real browser that reaches nothing else.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, afterEach, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {WatchedPage, launch} from './browser.mjs';
import {Server, program} from './servers.mjs';

const sample = fileURLToPath(new URL('../../../examples/data/earth-blue-marble.jpg', import.meta.url));
const password = 'a long enough password';

let folder;
let daemon;
let serving;
let administration;
let browser;
let opened;

function pack(name, ...options) {
  const output = path.join(folder, name);
  execFileSync(program('offgrid-pack'), ['pack', sample, '-o', output, '--layer', 'earth', '--zoom', '0-1', '--quiet', ...options]);
  return output;
}

async function start(...options) {
  daemon = new Server([program('offgrid-sync'), 'daemon', path.join(folder, 'depot'), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...options]);
  administration = await daemon.address('administration on');
  serving = await daemon.address('serving on');
}

async function install(package_) {
  const archive = `${package_}.zip`;
  execFileSync('zip', ['-q', '-r', archive, '.'], {cwd: package_});
  const report = execFileSync('curl', ['-sS', '--fail-with-body', '-F', 'layer=earth', '-F', `file=@${archive}`, `${administration}/sqlite/replace`]);
  return JSON.parse(report);
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'offgrid-updates-'));
  await start();
  await install(pack('first'));
  await install(pack('second', '--quality', '40'));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await daemon?.stop();
  rmSync(folder, {recursive: true, force: true});
});

afterEach(async () => {
  await opened?.page.close();
  opened = undefined;
});

async function open(options) {
  opened = await WatchedPage.open(browser, `${administration}/`, options);
  await opened.until(() => document.querySelectorAll('#generations li').length > 0);
  return opened;
}

async function served() {
  return (await (await fetch(`${serving}/health`)).json()).generation;
}

test('lists what is kept, the newest first, and says what is current', async () => {
  const page = await open();
  const current = await served();
  assert.equal((await page.texts('#generations .number'))[0], String(current));
  assert.match(await page.text('[aria-current]'), /earth.*current/s);
  assert.match(await page.text('#served'), new RegExp(`^Generation ${current} is served`));
  assert.equal(await page.text('#draining'), 'No earlier generation is in use.');
  page.assertClean();
});

test('rolls back once that is confirmed, and not before', async () => {
  const page = await open();
  const current = await served();
  const button = `button[aria-label="Roll back to generation ${current - 1}"]`;

  await page.page.click(button);
  await page.until(() => document.querySelector('#confirm').open);
  assert.equal(await page.page.evaluate(() => document.activeElement.value), 'cancel');
  await page.page.keyboard.press('Escape');
  await page.until(() => !document.querySelector('#confirm').open);
  assert.equal(await served(), current);

  await page.page.click(button);
  await page.until(() => document.querySelector('#confirm').open);
  await page.page.click('#confirm button[value=go]');
  await page.until((text) => document.querySelector('#message').textContent.startsWith(text), `Generation ${current - 1} is current.`);
  await page.until((number) => document.querySelector('[aria-current] .number').textContent === String(number), current - 1);
  assert.equal(await served(), current - 1);
  page.assertClean();
});

test('shows another generation in the viewer without a reload', async () => {
  opened = await WatchedPage.open(browser, `${serving}/#layers=earth`);
  const tiles = () => opened.requests.filter((request) => request.includes('/tiles/earth/')).length;
  const current = await served();
  await opened.until(() => document.querySelector('#stack li'));
  await opened.page.waitForNetworkIdle();
  const before = tiles();
  const other = current === 1 ? 2 : 1;
  const refreshed = opened.page.waitForRequest((request) => request.url().includes('/tiles/earth/'));
  const answer = await fetch(`${administration}/rollback?to=${other}`, {method: 'POST', headers: {'Content-Length': '0'}});
  assert.equal(answer.status, 200);
  // As it does on its own when somebody comes back to it, or after a while.
  await opened.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await refreshed;
  assert.ok(tiles() > before);
  assert.equal(opened.requests.filter((request) => request.split('#')[0] === `${serving}/`).length, 1);
  opened.assertClean();
});

test('obeys no page of another origin', async () => {
  const page = await open();
  const foreign = await browser.newPage();
  await foreign.goto(`${serving}/`);
  const current = await served();
  const told = await foreign.evaluate(async (address) => {
    try {
      return (await fetch(address, {method: 'POST', mode: 'no-cors', body: ''})).type;
    } catch (error) {
      return error.message;  // its policy has stopped it even before
    }
  }, `${administration}/rollback`);
  await foreign.close();
  assert.match(told, /Failed to fetch/);
  const refused = await fetch(`${administration}/rollback`, {method: 'POST', body: 'to=1', headers: {Origin: serving}});
  assert.equal(refused.status, 403);
  assert.equal(await served(), current);
  assert.equal(await page.page.evaluate(async () => (await fetch('', {method: 'HEAD'})).headers.get('x-frame-options')), 'DENY');
  page.assertClean();
});

for (const scheme of ['light', 'dark']) {
  test(`follows the rules for accessible pages, ${scheme}, on small screens too`, async () => {
    const page = await open({width: 320, height: 640, scheme});
    assert.deepEqual(await page.accessibilityProblems(), []);
    assert.deepEqual(await page.namelessControls(), []);
    assert.equal(await page.page.evaluate(() => document.documentElement.scrollWidth), 320);
    await page.page.click('#generations button');
    await page.until(() => document.querySelector('#confirm').open);
    assert.deepEqual(await page.accessibilityProblems(), []);
    page.assertClean();
  });
}

test('lets in who has a name and password, by the prompt of the browser', async () => {
  await daemon.stop();
  const users = path.join(folder, 'users');
  execFileSync(program('offgrid-sync'), ['passwd', '--users', users, 'anna'], {input: `${password}\n${password}\n`});
  await start('--users', users);
  const stranger = await fetch(`${administration}/`);
  assert.equal(stranger.status, 401);
  assert.match(stranger.headers.get('www-authenticate'), /^Basic /);

  const page = await browser.newPage();
  await page.authenticate({username: 'anna', password});
  await page.goto(`${administration}/`);
  await page.waitForSelector('[aria-current]');
  await page.close();
});
