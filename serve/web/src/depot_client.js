/**
 * The depot behind this page, over the REST of its administration port. Who asks is the browser's
 * business: it has asked for name and password before it showed the page, and sends them along.
 */

async function ask(address, options) {
  const answer = await fetch(address, {cache: 'no-store', ...options});
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Error(told.error ?? `status ${answer.status}`);
  }
  return told;
}

export function status() {
  return ask('status');
}

/** Oldest first. @param {number} [before] only those with lower numbers */
export function generations(limit, before) {
  return ask(`generations?limit=${limit}${before === undefined ? '' : `&before=${before}`}`);
}

/** Make an earlier or later generation current. */
export function rollBack(number) {
  return ask('rollback', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({to: number})});
}
