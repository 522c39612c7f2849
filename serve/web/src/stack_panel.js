import {byId, element, iconButton} from './dom.js';
import {announce} from './messages.js';

/** The layers on the map as a list, the highest first: order, opacity, whether shown. */
export class StackPanel {
  #feed;
  #stack;
  #view;
  #dragged = null;

  constructor(feed, stack, view) {
    this.#feed = feed;
    this.#stack = stack;
    this.#view = view;
    view.addEventListener('drawn', () => this.#list());
    stack.addEventListener('change', () => this.#list());
    view.map.on('moveend', () => this.#note());
  }

  #list() {
    const list = byId('stack');
    const entries = this.#stack.entries.filter(({id}) => this.#feed.find(id)).reverse();
    const had = new Map([...list.children].map((item) => [item.dataset.id, item]));
    const focused = document.activeElement;
    const items = entries.map((entry) => this.#update(had.get(entry.id) ?? this.#item(entry), entry, entries));
    // What is there already stays in place: a slider that is being moved must not be taken away.
    if (items.length !== list.children.length || items.some((item, place) => item !== list.children[place])) {
      list.replaceChildren(...items);
      this.#refocus(focused, list);
    }
    byId('stack-empty').hidden = entries.length > 0;
    this.#note();
  }

  #refocus(focused, list) {
    if (focused?.isConnected && focused !== document.body) {
      focused.focus();
      if (focused.disabled) {
        focused.closest('li')?.querySelector('button:not(:disabled)')?.focus();
      }
    } else if (focused && !focused.isConnected) {
      (list.querySelector('input') ?? byId('filter')).focus();
    }
  }

  #item(entry) {
    const {id} = entry;
    const {name} = this.#feed.find(id);
    const shown = element('input', {type: 'checkbox', class: 'shown',
      onchange: (event) => this.#stack.change(id, {isVisible: event.target.checked})});
    const opacity = element('input', {type: 'range', min: 0, max: 100, step: 5, class: 'opacity', 'aria-label': `Opacity of ${name}`,
      oninput: (event) => this.#stack.change(id, {opacity: event.target.value / 100})});
    const up = iconButton('up', `Move ${name} up`, () => this.#move(id, 1));
    const down = iconButton('down', `Move ${name} down`, () => this.#move(id, -1));
    up.classList.add('up');
    down.classList.add('down');
    const item = element('li', {draggable: true},
      element('div', {class: 'row'},
        element('label', {class: 'title'}, shown, element('span', {}, name)),
        iconButton('fit', `Zoom to ${name}`, () => this.#view.fit(this.#feed.find(id))),
        up, down,
        iconButton('remove', `Remove ${name}`, () => this.#remove(id, name))),
      element('div', {class: 'row'}, opacity, element('output', {class: 'percent'})),
      element('p', {class: 'note', hidden: true}));
    item.dataset.id = id;
    this.#makeDraggable(item);
    return item;
  }

  #update(item, entry, entries) {
    const percent = Math.round(entry.opacity * 100);
    item.querySelector('.shown').checked = entry.isVisible;
    item.querySelector('.opacity').value = percent;
    item.querySelector('.percent').value = `${percent} %`;
    item.querySelector('.up').disabled = entries[0] === entry;
    item.querySelector('.down').disabled = entries.at(-1) === entry;
    return item;
  }

  /** Say of each layer why it cannot be seen, where it cannot. */
  #note() {
    for (const item of byId('stack').children) {
      const note = item.querySelector('.note');
      note.textContent = this.#reason(item.dataset.id);
      note.hidden = note.textContent === '';
    }
  }

  #reason(id) {
    const layer = this.#feed.find(id);
    const drawn = this.#view.drawnLayer(id);
    if (!drawn) {
      return layer && this.#view.base ? `Not drawn: ${layer.grid.srs} cannot be shown in ${this.#view.base.grid.srs}.` : '';
    }
    return this.#view.view.getResolution() >= drawn.getMaxResolution() ? 'Zoom in to see it.' : '';
  }

  #move(id, by) {
    const place = this.#stack.entries.findIndex((entry) => entry.id === id) + by;
    this.#stack.move(id, place);
    announce(`${this.#feed.find(id)?.name} is layer ${this.#stack.entries.length - place} of ${this.#stack.entries.length} from the top.`);
  }

  #remove(id, name) {
    this.#stack.remove(id);
    announce(`${name} is no longer on the map.`);
  }

  #makeDraggable(item) {
    // A slider in a draggable element would drag the element.
    const slider = item.querySelector('.opacity');
    slider.addEventListener('pointerdown', () => (item.draggable = false));
    slider.addEventListener('pointerup', () => (item.draggable = true));
    slider.addEventListener('pointercancel', () => (item.draggable = true));
    item.addEventListener('dragstart', (event) => {
      this.#dragged = item.dataset.id;
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setData('text/plain', item.dataset.id);
    });
    item.addEventListener('dragover', (event) => {
      if (this.#dragged !== null) {
        event.preventDefault();
        item.classList.add('target');
      }
    });
    item.addEventListener('dragleave', () => item.classList.remove('target'));
    item.addEventListener('dragend', () => (this.#dragged = null));
    item.addEventListener('drop', (event) => {
      event.preventDefault();
      item.classList.remove('target');
      if (this.#dragged !== null && this.#dragged !== item.dataset.id) {
        this.#stack.move(this.#dragged, this.#stack.entries.findIndex(({id}) => id === item.dataset.id));
      }
    });
  }
}
