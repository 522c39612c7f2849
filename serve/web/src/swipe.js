import {byId, element} from './dom.js';

/**
 * Two layers side by side: one is cut off right of a line, the other left of it. Event: `change`.
 *
 * The cut is a rule of a style sheet for each layer's own element, so that it holds for images and
 * drawings alike, whatever OpenLayers does with its canvases.
 */
export class Swipe extends EventTarget {
  #feed;
  #stack;
  #view;
  #sheet = new CSSStyleSheet();
  #share = 0.5;

  constructor(feed, stack, view) {
    super();
    this.#feed = feed;
    this.#stack = stack;
    this.#view = view;
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.#sheet];
    view.addEventListener('drawn', () => this.#offer());
    byId('swipe-on').addEventListener('change', () => this.#changed());
    byId('swipe-left').addEventListener('change', () => this.#changed());
    byId('swipe-right').addEventListener('change', () => this.#changed());
    byId('swipe-line').addEventListener('input', (event) => {
      this.#share = event.target.value / 100;
      this.#changed();
    });
    this.#makeHandle(byId('swipe-handle'));
  }

  /** What is compared, or undefined. */
  get state() {
    return byId('swipe-on').checked
      ? {left: byId('swipe-left').value, right: byId('swipe-right').value, share: this.#share}
      : undefined;
  }

  set(state) {
    byId('swipe-on').checked = state !== undefined;
    if (state) {
      this.#share = state.share;
      this.#offer(state.left, state.right);
    }
    this.#apply();
  }

  #changed() {
    this.#apply();
    this.dispatchEvent(new CustomEvent('change'));
  }

  #offer(left = byId('swipe-left').value, right = byId('swipe-right').value) {
    const layers = this.#stack.entries.map(({id}) => this.#feed.find(id)).filter(Boolean).reverse();
    const fill = (chooser, chosen) => chooser.replaceChildren(...layers.map((layer) =>
      element('option', {value: layer.id, selected: layer.id === chosen}, layer.name)));
    const has = (id) => layers.some((layer) => layer.id === id);
    const rightOne = has(right) ? right : layers[0]?.id;
    fill(byId('swipe-right'), rightOne);
    fill(byId('swipe-left'), has(left) && left !== rightOne ? left : layers.find(({id}) => id !== rightOne)?.id);
    byId('swipe-on').disabled = layers.length < 2;
    if (layers.length < 2) {
      byId('swipe-on').checked = false;
    }
    this.#apply();
  }

  #apply() {
    const {state} = this;
    byId('swipe-choice').hidden = !state;
    byId('swipe-handle').hidden = !state;
    if (!state) {
      this.#sheet.replaceSync('');
      return;
    }
    const percent = `${(state.share * 100).toFixed(2)}%`;
    byId('swipe-line').value = state.share * 100;
    byId('swipe-handle').style.left = percent;
    const cut = (id, inset) => {
      const drawn = this.#view.drawnLayer(id);
      return drawn ? `.${drawn.getClassName()} { clip-path: inset(${inset}); }` : '';
    };
    this.#sheet.replaceSync(state.left === state.right ? '' :
      cut(state.left, `0 calc(100% - ${percent}) 0 0`) + cut(state.right, `0 0 0 ${percent}`));
  }

  #makeHandle(handle) {
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener('pointermove', (event) => {
      if (handle.hasPointerCapture(event.pointerId)) {
        const {left, width} = byId('map').getBoundingClientRect();
        this.#share = Math.max(0, Math.min((event.clientX - left) / width, 1));
        this.#apply();
      }
    });
    handle.addEventListener('pointerup', () => this.dispatchEvent(new CustomEvent('change')));
  }
}
