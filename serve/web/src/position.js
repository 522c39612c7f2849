import {placeText} from './coordinates.js';
import {byId} from './dom.js';
import {toDegrees} from './projections.js';

/** Tells the zoom, and the place under the pointer or in the middle of the map. */
export function setUpPosition(view) {
  const tell = (coordinate = view.view.getCenter()) => {
    if (!coordinate || !view.base) {
      byId('position').textContent = '';
      return;
    }
    const degrees = toDegrees(coordinate, view.projection);
    const [x, y] = coordinate;
    const place = degrees
      ? placeText(...degrees)
      : `${x.toFixed(1)}, ${y.toFixed(1)} ${view.base.grid.unit} (${view.base.grid.srs})`;
    byId('position').textContent = `zoom ${(view.view.getZoom() ?? 0).toFixed(1)} · ${place}`;
  };
  view.map.on('pointermove', (event) => tell(event.coordinate));
  view.map.on('moveend', () => tell());
  view.addEventListener('drawn', () => tell());
}
