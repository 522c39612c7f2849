/**
 * An element with properties and children. Children that are text stay text, whatever they hold:
 * names come from packages and may be hostile.
 * @param {string} tag
 * @param {Object<string, *>} [properties] of the element; `on…` are listeners, what has a `-` and
 *     `role`, `for` and `class` are attributes
 * @param {...(Node|string)} children
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) {
      continue;
    }
    if (name.startsWith('on')) {
      made.addEventListener(name.slice(2), value);
    } else if (name.includes('-') || ['role', 'for', 'class'].includes(name)) {
      made.setAttribute(name, value);
    } else {
      made[name] = value;
    }
  }
  made.append(...children);
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

const svg = 'http://www.w3.org/2000/svg';

const icons = {
  up: 'M8 13V3M4 7l4-4 4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
  remove: 'M4 4l8 8M12 4l-8 8',
  fit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
  only: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z',
  grip: 'M3 5h10M3 8h10M3 11h10',
};

/** A button that is an icon, with a name for those who do not see it. */
export function iconButton(icon, name, onclick) {
  const picture = document.createElementNS(svg, 'svg');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', icons[icon]);
  picture.setAttribute('viewBox', '0 0 16 16');
  picture.setAttribute('aria-hidden', 'true');
  picture.append(path);
  return element('button', {type: 'button', class: 'icon', title: name, 'aria-label': name, onclick}, picture);
}
