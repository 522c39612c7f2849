// A real headless Chromium with the network cut, driven by puppeteer-core, and pages that know what
// went wrong in them.

import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

// Of tests/servers, where packages of npm for tests are.
const require = createRequire(new URL('../../servers/package.json', import.meta.url));
const {default: puppeteer} = await import(require.resolve('puppeteer-core'));
const axe = require.resolve('axe-core/axe.min.js');

export const folder = fileURLToPath(new URL('.', import.meta.url));

export function launch() {
  return puppeteer.launch({
    executablePath: process.env.OFFGRID_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',  // tests run as root in containers, where its sandbox cannot be
      '--disable-background-networking',
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
    protocolTimeout: 120_000,
  });
}

/** A page that notes what it asks for, what fails, and what is refused by its policy. */
export class WatchedPage {
  problems = [];
  requests = [];

  static async open(browser, url, {width = 1280, height = 800, scheme = 'light'} = {}) {
    const watched = new WatchedPage();
    watched.page = await browser.newPage();
    await watched.page.setViewport({width, height});
    await watched.page.emulateMediaFeatures([
      {name: 'prefers-color-scheme', value: scheme},
      {name: 'prefers-reduced-motion', value: 'reduce'},  // nothing to wait for
    ]);
    watched.#watch(new URL(url).origin);
    await watched.page.goto(url, {waitUntil: 'load'});
    return watched;
  }

  #watch(origin) {
    const {page, problems} = this;
    page.on('request', (request) => {
      this.requests.push(request.url());
      if (!request.url().startsWith(`${origin}/`) && !/^(data|blob):/.test(request.url())) {
        problems.push(`asked another host: ${request.url()}`);
      }
    });
    page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}: ${request.failure()?.errorText}`));
    page.on('response', (response) => response.status() >= 400 && problems.push(`${response.status()}: ${response.url()}`));
    // Violations of the content security policy are told here, too.
    page.on('console', (message) => ['error', 'warn'].includes(message.type()) && problems.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`exception: ${error.stack}`));
  }

  /** Wait until the expression is true in the page. */
  until(expression, ...values) {
    return this.page.waitForFunction(expression, {timeout: 30_000}, ...values);
  }

  async text(selector) {
    return this.page.$eval(selector, (found) => found.textContent ?? '');
  }

  /** Of all elements that the selector finds. */
  texts(selector) {
    return this.page.$$eval(selector, (found) => found.map((one) => one.textContent));
  }

  /** The colour of the middle of the map's canvases, as they lie upon each other. */
  async colorAt(x, y) {
    const picture = await this.page.screenshot({clip: {x, y, width: 1, height: 1}, encoding: 'base64'});
    return this.page.evaluate(async (png) => {
      const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(1, 1).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }, picture);
  }

  /** Wait until a place of the page has about this colour. */
  async untilColor(x, y, wanted) {
    let found;
    for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
      found = await this.colorAt(x, y);
      if (found.every((value, channel) => Math.abs(value - wanted[channel]) <= 6)) {
        return;
      }
    }
    assert.deepEqual(found, wanted, `the colour at ${x}, ${y}`);
  }

  /** What axe-core, the checker of WCAG rules, finds wrong. Run by the browser itself, as the page
   *  runs no foreign scripts. */
  async accessibilityProblems() {
    const source = await (await import('node:fs/promises')).readFile(axe, 'utf8');
    const session = await this.page.createCDPSession();
    await session.send('Runtime.evaluate', {expression: source});
    const {result, exceptionDetails} = await session.send('Runtime.evaluate', {
      expression: `axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
        .then(({violations}) => JSON.stringify(violations.map(({id, nodes}) => id + ': ' + nodes.map(({html}) => html).join(' '))))`,
      awaitPromise: true,
      returnByValue: true,
    });
    assert.equal(exceptionDetails, undefined);
    return JSON.parse(result.value);
  }

  /** Controls of the accessibility tree that have no name. */
  async namelessControls() {
    const roles = ['button', 'checkbox', 'combobox', 'link', 'radio', 'searchbox', 'slider', 'spinbutton', 'tab', 'textbox'];
    const nameless = [];
    const visit = (node) => {
      if (roles.includes(node.role) && !node.name) {
        nameless.push(node.role);
      }
      (node.children ?? []).forEach(visit);
    };
    visit(await this.page.accessibility.snapshot());
    return nameless;
  }

  /** Nothing may have gone wrong up to now. */
  assertClean() {
    assert.deepEqual(this.problems, []);
  }
}
