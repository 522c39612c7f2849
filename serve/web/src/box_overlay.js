import {getIntersection} from 'ol/extent.js';
import Feature from 'ol/Feature.js';
import {fromExtent} from 'ol/geom/Polygon.js';
import VectorLayer from 'ol/layer/Vector.js';
import {transformExtent} from 'ol/proj.js';
import VectorSource from 'ol/source/Vector.js';
import {Fill, Stroke, Style, Text} from 'ol/style.js';
import {overlayIndex} from './map_view.js';
import {announce} from './messages.js';
import {hasDegrees, projectionOf} from './projections.js';

const boxesAtOnce = 500;

/** Boxes that the server tells of a layer, for what is in view: asked again when the map has moved. */
class BoxOverlay {
  #view;
  #target;
  #source = new VectorSource();
  #layer;
  #isOn = false;
  #asking = null;

  constructor(view, target, color) {
    this.#view = view;
    this.#target = target;
    this.#layer = new VectorLayer({source: this.#source, zIndex: overlayIndex + 2, visible: false, declutter: true,
      style: (feature) => new Style({
        fill: new Fill({color: `${color}1a`}),
        stroke: new Stroke({color, width: 1.5}),
        text: new Text({text: feature.get('label'), overflow: true, font: '12px system-ui, sans-serif',
          fill: new Fill({color}), stroke: new Stroke({color: '#fff', width: 3})}),
      })});
    view.map.addLayer(this.#layer);
    view.map.on('moveend', () => this.#ask());
  }

  show(isOn) {
    this.#isOn = isOn;
    this.#layer.setVisible(isOn);
    this.#source.clear();
    if (isOn && !this.#target()) {
      return 'There is no layer on the map.';
    }
    this.#ask();
    return '';
  }

  async #ask() {
    const layer = this.#target();
    this.#asking?.abort();
    const box = this.#isOn && layer ? this.#boxInGrid(layer) : null;
    if (!box) {
      return;
    }
    this.#asking = new AbortController();
    try {
      const address = `layers/${encodeURIComponent(layer.id)}/${this.document}?box=${box.join(',')}&limit=${boxesAtOnce}`;
      const answer = await fetch(address, {signal: this.#asking.signal});
      if (!answer.ok) {
        throw new Error(answer.status === 404 ? 'the server does not tell' : `status ${answer.status}`);
      }
      this.#draw(layer, await answer.json());
    } catch (error) {
      if (error.name !== 'AbortError') {
        announce(`${this.what} of ${layer.name}: ${error.message}.`);
      }
    }
  }

  /** What is in view, in the layer's own SRS. */
  #boxInGrid(layer) {
    const own = projectionOf(layer.grid);
    const {projection, view} = this.#view;
    const inView = view.calculateExtent(this.#view.map.getSize());
    if (own !== projection && !(hasDegrees(own) && hasDegrees(projection))) {
      return null;
    }
    const box = own === projection ? inView : transformExtent(inView, projection, own, 8);
    const within = getIntersection(box, layer.grid.extent);
    return within.every(Number.isFinite) ? within : null;
  }

  #draw(layer, told) {
    const own = projectionOf(layer.grid);
    const {projection} = this.#view;
    const inMap = (box) => (own === projection ? box : transformExtent(box, own, projection, 8));
    this.#source.clear();
    this.#source.addFeatures(this.boxesOf(told).map(({box, label}) => new Feature({geometry: fromExtent(inMap(box)), label})));
    if (told.more) {
      announce(`More than ${boxesAtOnce}: zoom in to see all.`);
    }
  }
}

/** The files that hold the tiles of a layer, such as those of a z-top package. */
export class FilesOverlay extends BoxOverlay {
  name = 'files';
  what = 'Files';
  document = 'files.json';

  constructor(view, target) {
    super(view, target, '#1d4ed8');
  }

  boxesOf(told) {
    return told.files.map(({name, bytes, zooms, box}) =>
      ({box, label: `${name}\nz${zooms[0]}–${zooms[1]}, ${(bytes / 1e6).toFixed(1)} MB`}));
  }
}

/** Where a layer has tiles. */
export class CoverageOverlay extends BoxOverlay {
  name = 'coverage';
  what = 'Coverage';
  document = 'coverage.json';

  constructor(view, target) {
    super(view, target, '#6d28d9');
  }

  boxesOf(told) {
    return told.boxes.map((box) => ({box, label: ''}));
  }
}
