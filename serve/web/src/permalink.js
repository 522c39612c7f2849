/**
 * What is shown as the part of the address behind `#`, and back:
 *
 *     layers=ID:OPACITY:off,ID…   the lowest first; opacity in percent, both parts only where they say something
 *     at=X,Y,ZOOM                 the centre in the SRS of the lowest layer, and a zoom of its grid
 *     swipe=LEFT,RIGHT,PERCENT
 *     show=graticule,tiles,files,coverage
 *
 * A name of a layer alone, as older links have it, shows that layer.
 */

const overlays = ['graticule', 'tiles', 'files', 'coverage'];

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function fractionOf(percent) {
  const number = percent === undefined || percent === '' ? 100 : Number(percent);
  return Number.isFinite(number) ? Math.max(0, Math.min(number, 100)) / 100 : 1;
}

function entryOf(text) {
  const [id, opacity, state] = text.split(':');
  return {id: decoded(id), opacity: fractionOf(opacity), isVisible: state !== 'off'};
}

/** @param {string} hash with or without the `#` */
export function parseLink(hash) {
  const text = hash.replace(/^#/, '');
  if (text !== '' && !text.includes('=')) {
    const id = decoded(text);
    return {entries: id === '' ? [] : [{id, opacity: 1, isVisible: true}], show: []};
  }
  const fields = new Map(text.split('&').map((field) => {
    const equals = field.indexOf('=');
    return [field.slice(0, equals), field.slice(equals + 1)];
  }));
  const link = {
    entries: (fields.get('layers') ?? '').split(',').map(entryOf).filter(({id}) => id !== ''),
    show: (fields.get('show') ?? '').split(',').filter((name) => overlays.includes(name)),
  };
  const at = (fields.get('at') ?? '').split(',').map(Number);
  if (at.length === 3 && at.every(Number.isFinite)) {
    link.view = {x: at[0], y: at[1], zoom: at[2]};
  }
  const swipe = (fields.get('swipe') ?? '').split(',');
  if (swipe.length === 3) {
    link.swipe = {left: decoded(swipe[0]), right: decoded(swipe[1]), share: fractionOf(swipe[2])};
  }
  return link;
}

function entryText({id, opacity, isVisible}) {
  const percent = opacity === 1 ? '' : String(Math.round(opacity * 100));
  return `${encodeURIComponent(id)}${percent || !isVisible ? `:${percent}` : ''}${isVisible ? '' : ':off'}`;
}

/** A number without more digits than can be seen. */
function brief(value, digits) {
  return String(Number(value.toPrecision(digits)));
}

export function linkOf({entries, view, swipe, show = []}) {
  const fields = [`layers=${entries.map(entryText).join(',')}`];
  if (view) {
    fields.push(`at=${brief(view.x, 9)},${brief(view.y, 9)},${brief(view.zoom, 4)}`);
  }
  if (swipe) {
    fields.push(`swipe=${encodeURIComponent(swipe.left)},${encodeURIComponent(swipe.right)},${Math.round(swipe.share * 100)}`);
  }
  if (show.length > 0) {
    fields.push(`show=${show.join(',')}`);
  }
  return `#${fields.join('&')}`;
}
