import {defaults as defaultControls} from 'ol/control/defaults.js';
import ScaleLine from 'ol/control/ScaleLine.js';
import {getCenter} from 'ol/extent.js';
import OlMap from 'ol/Map.js';
import {getPointResolution, transform} from 'ol/proj.js';
import View from 'ol/View.js';
import {boundsIn, hasDegrees, learn, projectionOf} from './projections.js';
import {makeTileLayer, renewTiles} from './tile_layer.js';

/** Zooms that the map goes on beyond the finest tiles. */
const zoomsBeyond = 4;

/** Overlays are drawn above all tiles. */
export const overlayIndex = 1000;

/** Motion that people may have asked not to see. */
export function motionMs() {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 250;
}

/**
 * The map: draws the entries of a stack in the grid of the lowest. Events: `drawn` when the layers
 * on it have changed; OpenLayers' own are at `map`.
 */
export class MapView extends EventTarget {
  #feed;
  #stack;
  #base;
  #revision = 0;
  #numbers = 0;
  /** @type {Map<string, {drawn: import('ol/layer/Layer.js').default|null, key: string}>} */
  #drawn = new Map();
  #wantedView = null;
  #turn = 0;

  constructor(target, feed, stack) {
    super();
    this.#feed = feed;
    this.#stack = stack;
    this.map = new OlMap({
      target,
      layers: [],
      controls: defaultControls({
        rotate: false,
        attributionOptions: {collapsible: false},
        zoomOptions: {duration: motionMs()},
      }).extend([new ScaleLine({minWidth: 80})]),
    });
    for (const button of target.querySelectorAll('.ol-zoom button')) {
      button.setAttribute('aria-label', button.title);
    }
  }

  get view() {
    return this.map.getView();
  }

  get projection() {
    return this.view.getProjection();
  }

  /** The lowest layer that is there: it is in its own grid. */
  get base() {
    return this.#base;
  }

  /** What draws the layer, or null. */
  drawnLayer(id) {
    return this.#drawn.get(id)?.drawn ?? null;
  }

  /** To be shown once the layers are: a centre in the base's SRS, and a zoom of its grid. */
  wantView(view) {
    this.#wantedView = view;
  }

  /** Bring the map to what the stack says. Only the last of several calls at a time has an effect. */
  async draw() {
    const turn = ++this.#turn;
    const shown = this.#stack.entries
      .map((entry) => ({entry, layer: this.#feed.find(entry.id)}))
      .filter(({layer}) => layer);
    await learn(shown.map(({layer}) => layer.grid));
    if (turn !== this.#turn) {
      return;
    }
    const isRevised = this.#revision !== this.#feed.revision;
    this.#revision = this.#feed.revision;
    this.#followBase(shown[0]?.layer, shown);
    for (const {entry, layer} of shown) {
      this.#drawOne(entry, layer, isRevised);
    }
    for (const id of [...this.#drawn.keys()]) {
      if (!shown.some(({entry}) => entry.id === id)) {
        this.#drawn.delete(id);
      }
    }
    this.#setLayers(shown.map(({entry}) => this.drawnLayer(entry.id)).filter(Boolean));
    this.dispatchEvent(new CustomEvent('drawn'));
  }

  fit(layer) {
    const box = layer && boundsIn(layer, this.projection);
    if (box) {
      this.view.fit(box, {padding: [40, 40, 56, 40], maxZoom: layer.maxzoom + 1, duration: motionMs()});
    }
  }

  moveTo(coordinate, resolution = this.view.getResolution()) {
    this.view.animate({center: coordinate, resolution, duration: motionMs()});
  }

  #drawOne(entry, layer, isRevised) {
    // Its place in the catalogue aside, all that is told of a layer shows.
    const key = `${this.projection.getCode()} ${JSON.stringify(layer)}`;
    const had = this.#drawn.get(entry.id);
    if (!had || had.key !== key) {
      const className = `tiles-${++this.#numbers}`;
      this.#drawn.set(entry.id, {key, drawn: makeTileLayer(layer, this.projection, className)});
    } else if (isRevised && had.drawn) {
      renewTiles(had.drawn, layer);
    }
    const drawn = this.drawnLayer(entry.id);
    drawn?.setOpacity(entry.opacity);
    drawn?.setVisible(entry.isVisible);
  }

  #setLayers(tiles) {
    const layers = this.map.getLayers();
    const overlays = layers.getArray().filter((layer) => layer.getZIndex() >= overlayIndex);
    const wanted = [...tiles, ...overlays];
    if (wanted.length !== layers.getLength() || wanted.some((layer, place) => layer !== layers.item(place))) {
      this.map.setLayers(wanted);
    }
  }

  /** Have the view in the grid of the lowest layer, and where it was before. */
  #followBase(base, shown) {
    const before = this.#base;
    this.#base = base;
    if (!base) {
      return;
    }
    const projection = projectionOf(base.grid);
    const resolutions = resolutionsFor(base, shown.map(({layer}) => layer));
    const isSame = before && this.projection === projection &&
      JSON.stringify(this.view.getResolutions()) === JSON.stringify(resolutions);
    if (!isSame) {
      const kept = before ? keptView(this.view, projection) : null;
      const view = new View({
        projection,
        resolutions,
        center: getCenter(boundsIn(base, projection) ?? base.grid.extent),
        resolution: resolutions[Math.min(base.minzoom, resolutions.length - 1)],
        extent: projection.getExtent() ?? base.grid.extent,
        showFullExtent: true,
        enableRotation: false,
      });
      this.map.setView(view);
      if (kept) {
        view.setCenter(kept.center);
        view.setResolution(kept.resolution);
      } else {
        view.fit(boundsIn(base, projection) ?? base.grid.extent,
          {padding: [40, 40, 56, 40], size: this.map.getSize(), maxZoom: base.maxzoom + 1});
      }
    }
    if (this.#wantedView) {
      const {x, y, zoom} = this.#wantedView;
      this.#wantedView = null;
      this.view.setCenter([x, y]);
      this.view.setZoom(zoom);
    }
  }
}

/** The resolutions of the base's grid and as many finer ones as the finest layer needs. */
function resolutionsFor(base, layers) {
  const projection = projectionOf(base.grid);
  const finest = Math.min(...layers
    .filter((layer) => projectionOf(layer.grid).getUnits() === projection.getUnits())
    .map((layer) => layer.grid.resolutions.at(-1)));
  const resolutions = [...base.grid.resolutions];
  while (resolutions.at(-1) > finest * 1.5 / 2 ** zoomsBeyond && resolutions.length < 40) {
    resolutions.push(resolutions.at(-1) / 2);
  }
  return resolutions;
}

/** What a view shows, in another projection; null where that cannot be told. */
function keptView(view, projection) {
  const center = view.getCenter();
  const before = view.getProjection();
  if (before === projection) {
    return {center, resolution: view.getResolution()};
  }
  if (!center || !hasDegrees(before) || !hasDegrees(projection)) {
    return null;
  }
  const moved = transform(center, before, projection);
  const metres = getPointResolution(before, view.getResolution(), center, 'm');
  const resolution = metres / getPointResolution(projection, 1, moved, 'm');
  return moved.every(Number.isFinite) && Number.isFinite(resolution) ? {center: moved, resolution} : null;
}
