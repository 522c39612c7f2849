import {element} from './dom.js';

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytesText(bytes) {
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${units[step]}`;
}

export function countText(count, one, many) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** What going there is called: it may be before or after what is current. */
export function wayTo(number, current) {
  return number < current
    ? {action: 'Roll back', name: `Roll back to generation ${number}`}
    : {action: 'Make current', name: `Make generation ${number} current`};
}

function factsOf(generation) {
  const when = new Date(generation.created);
  return [
    Number.isNaN(when.getTime()) ? '' : when.toLocaleString(),
    generation.author ? `by ${generation.author}` : '',
    generation.previous === null ? '' : `made from ${generation.previous}`,
    `${countText(generation.files, 'file', 'files')}, ${countText(generation.tiles, 'tile', 'tiles')}, ${bytesText(generation.bytes)}`,
    `${bytesText(generation.stored_bytes)} of its own`,
  ].filter(Boolean).join(' · ');
}

/**
 * A generation as an entry of the list: what changed, when, by whom, and the way back to it.
 * @param {Object} generation of `GET /generations`
 * @param {number} currentNumber of the one that is served
 * @param {function(Object): void} onRollBack
 */
export function generationItem(generation, currentNumber, onRollBack) {
  const {number, current} = generation;
  const texts = generation.damaged || number === 0
    ? [element('span', {class: 'change'}, generation.damaged ? 'Damaged: it cannot be made current.' : 'The empty depot')]
    : [element('span', {class: 'change'}, generation.change || 'No note'), element('br'),
      element('span', {class: 'facts'}, factsOf(generation))];
  const item = element('li', {}, element('span', {class: 'number'}, String(number)), element('div', {class: 'texts'}, ...texts));
  if (current) {
    item.setAttribute('aria-current', 'true');
    item.append(element('span', {class: 'badge'}, 'current'));
  } else if (!generation.damaged) {
    const {action, name} = wayTo(number, currentNumber);
    item.append(element('button', {type: 'button', 'aria-label': name, onclick: () => onRollBack(generation)}, action));
  }
  return item;
}
