import Feature from 'ol/Feature.js';
import {fromExtent} from 'ol/geom/Polygon.js';
import VectorLayer from 'ol/layer/Vector.js';
import VectorSource from 'ol/source/Vector.js';
import {Stroke, Style} from 'ol/style.js';
import {overlayIndex} from './map_view.js';
import {boundsIn} from './projections.js';

const line = [
  new Style({stroke: new Stroke({color: 'rgb(255 255 255 / 90%)', width: 5})}),
  new Style({stroke: new Stroke({color: '#b45309', width: 2, lineDash: [8, 5]})}),
];

/** Shows where a layer is while the catalogue points at it. */
export class Outline {
  #view;
  #source = new VectorSource();

  constructor(view) {
    this.#view = view;
    view.map.addLayer(new VectorLayer({source: this.#source, style: line, zIndex: overlayIndex + 5}));
  }

  /** @param {Object|null} layer null: none */
  show(layer) {
    this.#source.clear();
    const box = layer && this.#view.base && boundsIn(layer, this.#view.projection);
    if (box) {
      this.#source.addFeature(new Feature(fromExtent(box)));
    }
  }
}
