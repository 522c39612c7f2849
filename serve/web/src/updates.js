import * as depot from './depot_client.js';
import {byId, element} from './dom.js';
import {countText, generationItem, wayTo} from './generation_list.js';
import {announce} from './messages.js';

const lookEveryMs = 5000;
const shownAtOnce = 50;

/** Newest first. */
let generations = [];
let shown = '';

function currentNumber() {
  return generations.find(({current}) => current)?.number ?? 0;
}

function show(list) {
  generations = list;
  const key = JSON.stringify(list);
  if (key !== shown) {
    shown = key;
    byId('generations').replaceChildren(...list.map((generation) => generationItem(generation, currentNumber(), confirmRollBack)));
  }
}

/** Only where they are others: each change is read out. */
function showLines(list, texts) {
  if (JSON.stringify(texts) !== JSON.stringify([...list.children].map((item) => item.textContent))) {
    list.replaceChildren(...texts.map((text) => element('li', {}, text)));
  }
}

function showStatus({generation, leases, draining}) {
  byId('served').textContent = `Generation ${generation} is served, ${countText(leases, 'request', 'requests')} now.`;
  const texts = draining.map((one) =>
    `Generation ${one.generation}: ${countText(one.leases, 'request', 'requests')}, for ${Math.round(one.since_ms / 1000)} s`);
  showLines(byId('draining'), texts.length > 0 ? texts : ['No earlier generation is in use.']);
}

async function look() {
  try {
    const [status, newest] = await Promise.all([depot.status(), depot.generations(shownAtOnce)]);
    showStatus(status);
    const oldest = newest[0]?.number ?? 0;
    // A full first page may have more behind it; what was shown of that stays.
    const earlier = generations.filter(({number}) => number < oldest).map((one) => ({...one, current: one.number === status.generation}));
    byId('more').hidden = earlier.length > 0 || newest.length < shownAtOnce;
    show([...newest.reverse(), ...earlier]);
    byId('state').textContent = '';
  } catch (error) {
    byId('state').textContent = `The daemon does not answer: ${error.message}`;
  }
}

async function showEarlier() {
  try {
    const earlier = await depot.generations(shownAtOnce, generations.at(-1).number);
    show([...generations, ...earlier.reverse()]);
    byId('more').hidden = earlier.length < shownAtOnce;
  } catch (error) {
    announce(`Earlier generations: ${error.message}`);
  }
}

async function confirmRollBack({number, change}) {
  const dialog = byId('confirm');
  const {action, name} = wayTo(number, currentNumber());
  byId('confirm-title').textContent = `${name}?`;
  byId('confirm-go').textContent = action;
  byId('confirm-text').textContent = `${change ? `“${change}”. ` : ''}Everybody is served that one at once. Nothing is lost: ` +
    'the present generation stays and can be made current again.';
  dialog.returnValue = 'cancel';  // also for Escape
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, {once: true}));
  if (dialog.returnValue === 'go') {
    await rollBack(number);
  }
}

async function rollBack(number) {
  try {
    const report = await depot.rollBack(number);
    const rest = report.drained ? '' : ` ${report.leases} requests still use generation ${report.previous}.`;
    announce(`Generation ${report.generation} is current.${rest}`);
  } catch (error) {
    announce(`Nothing was changed: ${error.message}`);
  }
  await look();
}

byId('more').addEventListener('click', showEarlier);
look();
setInterval(() => document.hidden || look(), lookEveryMs);
