import {byId, element, iconButton} from './dom.js';
import {boundsIn, learn, projectionOf} from './projections.js';
import {isVector, tileAddress} from './tile_layer.js';

/** A list of thousands is searched, not read. */
const listedAtOnce = 200;

/** The tile with the middle of the layer in it, at the finest zoom where one tile may show all. */
function thumbnailAddress(layer) {
  const {grid} = layer;
  const box = boundsIn(layer, projectionOf(grid)) ?? grid.extent;
  const span = Math.max(box[2] - box[0], box[3] - box[1]);
  const finer = grid.resolutions.findIndex((resolution) => resolution * grid.tile_size < span);
  const fitting = finer < 0 ? grid.resolutions.length - 1 : finer - 1;
  const z = Math.max(layer.minzoom, Math.min(layer.maxzoom, fitting));
  const side = grid.resolutions[z] * grid.tile_size;
  const north = grid.norths?.[z] ?? grid.extent[3];
  const x = Math.floor(((box[0] + box[2]) / 2 - grid.extent[0]) / side);
  const y = Math.floor((north - (box[1] + box[3]) / 2) / side);
  return tileAddress(layer).replace('{z}', z).replace('{x}', x).replace('{y}', y);
}

function thumbnail(layer) {
  const sign = element('span', {class: 'thumbnail', 'aria-hidden': 'true'}, isVector(layer) ? '△' : '▦');
  if (isVector(layer)) {
    return sign;
  }
  const image = element('img', {class: 'thumbnail', alt: '', loading: 'lazy', decoding: 'async', width: 48, height: 48});
  image.addEventListener('error', () => image.replaceWith(sign));
  learn([layer.grid]).then(() => (image.src = thumbnailAddress(layer)), () => image.replaceWith(sign));
  return image;
}

function facts(layer) {
  const zooms = layer.minzoom === layer.maxzoom ? `zoom ${layer.minzoom}` : `zooms ${layer.minzoom}–${layer.maxzoom}`;
  return [zooms, layer.format ?? 'mixed', layer.grid.srs].join(' · ');
}

/**
 * The list of all layers with a field to search it. Events: `point` when one is pointed at (its
 * detail, null: no more), `only` when one is to be shown alone.
 */
export class Catalogue extends EventTarget {
  #feed;
  #stack;
  #shown = '';

  constructor(feed, stack) {
    super();
    this.#feed = feed;
    this.#stack = stack;
    byId('filter').addEventListener('input', () => this.#list());
    byId('catalogue').addEventListener('keydown', (event) => this.#step(event));
    feed.addEventListener('layers', () => this.#list());
    stack.addEventListener('change', () => this.#press());
  }

  #list() {
    const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#feed.layers.filter((layer) => {
      const text = `${layer.id} ${layer.name} ${layer.description ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const told = this.#tell(found.length);
    byId('catalogue-count').textContent = told;
    // Thumbnails that stay the same need not be asked for again.
    const listed = found.slice(0, listedAtOnce);
    const key = JSON.stringify([this.#feed.revision, listed]);
    if (key !== this.#shown) {
      this.#shown = key;
      const focused = document.activeElement?.closest?.('#catalogue li')?.dataset.id;
      byId('catalogue').replaceChildren(...listed.map((layer) => this.#card(layer)));
      this.#press();
      if (focused !== undefined) {
        [...byId('catalogue').children].find((card) => card.dataset.id === focused)?.querySelector('button').focus();
      }
    }
  }

  #tell(count) {
    const all = this.#feed.layers.length;
    if (all === 0) {
      return 'There is no layer yet.';
    }
    const more = count > listedAtOnce ? `; the first ${listedAtOnce} are listed` : '';
    return count === all ? `${all} ${all === 1 ? 'layer' : 'layers'}${more}` : `${count} of ${all} layers${more}`;
  }

  #card(layer) {
    const title = element('span', {class: 'title'}, layer.name);
    const texts = [title, element('span', {class: 'facts'}, facts(layer))];
    if (layer.name !== layer.id) {
      texts.splice(1, 0, element('span', {class: 'facts'}, layer.id));
    }
    const toggle = element('button', {type: 'button', class: 'card', 'aria-pressed': 'false', onclick: () => this.#toggle(layer.id)},
      thumbnail(layer), element('span', {class: 'texts'}, ...texts));
    const only = iconButton('only', `Show only ${layer.name}`, () => this.dispatchEvent(new CustomEvent('only', {detail: layer})));
    const item = element('li', {}, toggle, only);
    item.dataset.id = layer.id;
    const point = (detail) => () => this.dispatchEvent(new CustomEvent('point', {detail}));
    item.addEventListener('pointerenter', point(layer));
    item.addEventListener('focusin', point(layer));
    item.addEventListener('pointerleave', point(null));
    item.addEventListener('focusout', point(null));
    return item;
  }

  #toggle(id) {
    if (this.#stack.find(id)) {
      this.#stack.remove(id);
    } else {
      this.#stack.add(id);
    }
  }

  #press() {
    for (const item of byId('catalogue').children) {
      item.querySelector('.card').setAttribute('aria-pressed', String(Boolean(this.#stack.find(item.dataset.id))));
    }
  }

  /** Arrow keys go from layer to layer. */
  #step(event) {
    const cards = [...byId('catalogue').querySelectorAll('.card')];
    const at = cards.indexOf(event.target.closest('li')?.querySelector('.card'));
    const places = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: cards.length - 1};
    const card = cards[places[event.key]];
    if (card) {
      event.preventDefault();
      card.focus();
    }
  }
}
