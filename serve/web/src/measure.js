import {LineString, Polygon} from 'ol/geom.js';
import Draw from 'ol/interaction/Draw.js';
import VectorLayer from 'ol/layer/Vector.js';
import VectorSource from 'ol/source/Vector.js';
import {Circle, Fill, Stroke, Style} from 'ol/style.js';
import {byId} from './dom.js';
import {overlayIndex} from './map_view.js';
import {hasDegrees, toDegrees} from './projections.js';

const style = [
  new Style({stroke: new Stroke({color: '#fff', width: 5})}),
  new Style({
    fill: new Fill({color: 'rgb(29 78 216 / 15%)'}),
    stroke: new Stroke({color: '#1d4ed8', width: 2.5}),
    image: new Circle({radius: 5, fill: new Fill({color: '#1d4ed8'}), stroke: new Stroke({color: '#fff', width: 2})}),
  }),
];

const format = new Intl.NumberFormat('en', {maximumSignificantDigits: 6});

export function lengthText(metres) {
  return metres < 10000 ? `${format.format(metres)} m` : `${format.format(metres / 1000)} km`;
}

export function areaText(squareMetres) {
  return squareMetres < 1e6 ? `${format.format(squareMetres)} m²` : `${format.format(squareMetres / 1e6)} km²`;
}

/** Lengths and areas that are drawn on the map: by pointer, or point by point at its centre. */
export class Measure {
  #view;
  #source = new VectorSource();
  #draw = null;

  constructor(view) {
    this.#view = view;
    view.map.addLayer(new VectorLayer({source: this.#source, style, zIndex: overlayIndex + 8}));
    byId('measure-length').addEventListener('click', () => this.#start('LineString'));
    byId('measure-area').addEventListener('click', () => this.#start('Polygon'));
    byId('measure-point').addEventListener('click', () => this.#draw?.appendCoordinates([view.view.getCenter()]));
    byId('measure-end').addEventListener('click', () => this.stop());
    view.addEventListener('drawn', () => this.#projection !== view.projection && this.stop());
  }

  #projection = null;

  get isRunning() {
    return this.#draw !== null;
  }

  stop() {
    if (this.#draw) {
      this.#view.map.removeInteraction(this.#draw);
      this.#draw = null;
    }
    this.#source.clear();
    this.#show(null);
  }

  #start(type) {
    this.stop();
    this.#projection = this.#view.projection;
    this.#draw = new Draw({source: this.#source, type, style});
    this.#draw.on('drawstart', ({feature}) => {
      this.#source.clear();
      this.#tell(feature.getGeometry());
      feature.getGeometry().on('change', ({target}) => this.#tell(target));
    });
    this.#view.map.addInteraction(this.#draw);
    this.#show(type);
    byId('measured').value = 'Set the first point.';
  }

  #show(type) {
    byId('measure-length').setAttribute('aria-pressed', String(type === 'LineString'));
    byId('measure-area').setAttribute('aria-pressed', String(type === 'Polygon'));
    byId('measuring').hidden = type === null;
    byId('crosshair').hidden = type === null;
    byId('measured').value = '';
  }

  async #tell(geometry) {
    const isArea = geometry instanceof Polygon;
    const points = isArea ? geometry.getCoordinates()[0] : geometry.getCoordinates();
    if (!hasDegrees(this.#projection)) {
      byId('measured').value = this.#planarText(points, isArea);
      return;
    }
    const {lengthOf, areaOf} = await import('./geodesic.js');
    const places = points.map((point) => toDegrees(point, this.#projection));
    byId('measured').value = isArea
      ? `${areaText(areaOf(places))}, around it ${lengthText(lengthOf([...places, places[0]]))}`
      : lengthText(lengthOf(places));
  }

  /** In a projection that nobody knows, what is on the plane is all there is. */
  #planarText(points, isArea) {
    const unit = this.#projection.getUnits() ?? 'units';
    return isArea
      ? `${format.format(new Polygon([points]).getArea())} square ${unit} in this projection`
      : `${format.format(new LineString(points).getLength())} ${unit} in this projection`;
  }
}
