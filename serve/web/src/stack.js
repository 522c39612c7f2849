/**
 * The layers on the map, the lowest first: what is shown, how strongly, and in which order. Knows
 * nothing of how they are drawn. Event: `change`.
 *
 * @typedef {{id: string, opacity: number, isVisible: boolean}} Entry
 */
export class Stack extends EventTarget {
  /** @type {Array<Entry>} */
  entries = [];

  find(id) {
    return this.entries.find((entry) => entry.id === id);
  }

  add(id) {
    if (!this.find(id)) {
      this.#set([...this.entries, {id, opacity: 1, isVisible: true}]);
    }
  }

  remove(id) {
    this.#set(this.entries.filter((entry) => entry.id !== id));
  }

  /** @param {Array<Entry>} entries */
  replace(entries) {
    const ids = new Set();
    this.#set(entries.filter(({id}) => !ids.has(id) && ids.add(id)));
  }

  /** Put the layer at a place, counted from the lowest. */
  move(id, place) {
    const entry = this.find(id);
    const others = this.entries.filter((other) => other !== entry);
    others.splice(Math.max(0, Math.min(place, others.length)), 0, entry);
    this.#set(others);
  }

  /** @param {Partial<Entry>} properties */
  change(id, properties) {
    this.#set(this.entries.map((entry) => (entry.id === id ? {...entry, ...properties} : entry)));
  }

  #set(entries) {
    this.entries = entries;
    this.dispatchEvent(new CustomEvent('change'));
  }
}
