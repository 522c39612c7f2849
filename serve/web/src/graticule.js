import Graticule from 'ol/layer/Graticule.js';
import {Fill, Stroke, Text} from 'ol/style.js';
import {overlayIndex} from './map_view.js';
import {hasDegrees} from './projections.js';

function label(options) {
  return new Text({
    font: '12px system-ui, sans-serif',
    fill: new Fill({color: '#111827'}),
    stroke: new Stroke({color: '#fff', width: 3}),
    ...options,
  });
}

/** Meridians and parallels, where the map has degrees. */
export class GraticuleOverlay {
  name = 'graticule';
  #view;
  #layer = null;

  constructor(view) {
    this.#view = view;
  }

  /** Returns why it cannot be shown, or an empty text. */
  show(isOn) {
    if (this.#layer) {
      this.#view.map.removeLayer(this.#layer);
      this.#layer = null;
    }
    if (!isOn) {
      return '';
    }
    const {projection} = this.#view;
    if (!hasDegrees(projection) || !projection.getWorldExtent()) {
      return 'This map has no degrees.';
    }
    this.#layer = new Graticule({
      strokeStyle: new Stroke({color: 'rgb(17 24 39 / 55%)', width: 1, lineDash: [2, 4]}),
      showLabels: true,
      lonLabelStyle: label({textBaseline: 'bottom'}),
      latLabelStyle: label({textAlign: 'end'}),
      wrapX: false,
      zIndex: overlayIndex,
    });
    this.#view.map.addLayer(this.#layer);
    return '';
  }
}
