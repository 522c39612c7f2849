import {byId, element} from './dom.js';
import {announce} from './messages.js';

/**
 * The switches of what can be drawn above the layers, and the choice of the layer that those for
 * diagnosis look into. Event: `change`.
 */
export class OverlaySwitches extends EventTarget {
  #overlays = new Map();
  #feed;
  #stack;
  #view;

  constructor(feed, stack, view) {
    super();
    this.#feed = feed;
    this.#stack = stack;
    this.#view = view;
    view.addEventListener('drawn', () => this.#refresh());
    byId('target').addEventListener('change', () => this.#refresh());
  }

  /** The layer that is looked into: the chosen one, or the highest. */
  target() {
    return this.#feed.find(byId('target').value) ?? this.#feed.find(this.#stack.entries.at(-1)?.id);
  }

  add(overlay) {
    this.#overlays.set(overlay.name, overlay);
    byId(`show-${overlay.name}`).addEventListener('change', (event) => {
      this.#switch(overlay, event.target.checked);
      this.dispatchEvent(new CustomEvent('change'));
    });
  }

  /** The names of those that are on. */
  get shown() {
    return [...this.#overlays.keys()].filter((name) => byId(`show-${name}`).checked);
  }

  set(names) {
    for (const [name, overlay] of this.#overlays) {
      const isOn = names.includes(name);
      if (byId(`show-${name}`).checked !== isOn) {
        byId(`show-${name}`).checked = isOn;
        this.#switch(overlay, isOn);
      }
    }
  }

  #switch(overlay, isOn) {
    if (!this.#view.base) {
      return;  // it will be, once there is a map
    }
    const problem = overlay.show(isOn);
    if (problem) {
      announce(problem);
    }
  }

  #refresh() {
    const chooser = byId('target');
    const chosen = chooser.value;
    const layers = this.#stack.entries.map(({id}) => this.#feed.find(id)).filter(Boolean).reverse();
    chooser.replaceChildren(...layers.map((layer) => element('option', {value: layer.id, selected: layer.id === chosen}, layer.name)));
    chooser.disabled = layers.length === 0;
    for (const [name, overlay] of this.#overlays) {
      overlay.show(byId(`show-${name}`).checked && this.#view.base !== undefined);
    }
  }
}
