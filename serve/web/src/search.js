import Feature from 'ol/Feature.js';
import Point from 'ol/geom/Point.js';
import VectorLayer from 'ol/layer/Vector.js';
import {transform} from 'ol/proj.js';
import VectorSource from 'ol/source/Vector.js';
import {Circle, Fill, Stroke, Style} from 'ol/style.js';
import {parsePlace, placeText} from './coordinates.js';
import {byId} from './dom.js';
import {overlayIndex} from './map_view.js';
import {announce} from './messages.js';
import {hasDegrees} from './projections.js';

const mark = [
  new Style({image: new Circle({radius: 9, stroke: new Stroke({color: '#fff', width: 6})})}),
  new Style({
    image: new Circle({radius: 9, fill: new Fill({color: 'rgb(220 38 38 / 15%)'}), stroke: new Stroke({color: '#b91c1c', width: 3})}),
  }),
];

async function degreesOf(place) {
  if (place.utm) {
    const {fromUtm} = await import('./proj4_definitions.js');
    return fromUtm(place.utm.zone, place.utm.isSouth, place.utm.easting, place.utm.northing);
  }
  if (place.mgrs) {
    const {fromMgrs} = await import('./proj4_definitions.js');
    return fromMgrs(place.mgrs);
  }
  return [place.lon, place.lat];
}

/** Where the place is on the map. */
async function coordinateOf(place, projection) {
  if (place.x !== undefined) {
    return [place.x, place.y];
  }
  if (!hasDegrees(projection)) {
    throw new Error('This map has no degrees. Write xy and two numbers in its unit.');
  }
  const coordinate = transform(await degreesOf(place), 'EPSG:4326', projection);
  if (!coordinate.every(Number.isFinite)) {
    throw new Error('That place is not on this map.');
  }
  return coordinate;
}

/** Goes to the place that is written in the search field, and marks it. */
export class Search {
  #view;
  #source = new VectorSource();

  /** @param {import('./map_view.js').MapView} view */
  constructor(view) {
    this.#view = view;
    view.map.addLayer(new VectorLayer({source: this.#source, style: mark, zIndex: overlayIndex + 9}));
    const form = byId('search');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#go(byId('place').value);
    });
    form.addEventListener('reset', () => {
      this.#source.clear();
      this.#complain('');
    });
  }

  async #go(text) {
    if (text.trim() === '') {
      this.#source.clear();
      return;
    }
    try {
      const coordinate = await coordinateOf(parsePlace(text), this.#view.projection);
      this.#complain('');
      this.#source.clear();
      this.#source.addFeature(new Feature(new Point(coordinate)));
      this.#view.moveTo(coordinate);
      this.#tell(coordinate);
    } catch (error) {
      this.#complain(error.message ?? String(error));
    }
  }

  #tell([x, y]) {
    const {projection} = this.#view;
    if (!hasDegrees(projection)) {
      announce(`Marked ${x}, ${y}.`);
      return;
    }
    const [lon, lat] = transform([x, y], projection, 'EPSG:4326');
    announce(`Marked ${placeText(lon, lat)}.`);
  }

  #complain(text) {
    byId('place').setAttribute('aria-invalid', String(text !== ''));
    byId('place-error').textContent = text;
  }
}
