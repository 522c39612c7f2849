import ImageTileLayer from 'ol/layer/Tile.js';
import ImageTile from 'ol/source/ImageTile.js';
import {overlayIndex} from './map_view.js';
import {boundsIn, projectionOf} from './projections.js';
import {tileGridOf} from './tile_layer.js';

const color = '#9d174d';

/** A tile's edges and numbers. Small: the numbers of fine zooms are long. */
function draw(tileGrid, z, x, y) {
  const size = tileGrid.getTileSize(z);
  const canvas = document.createElement('canvas');
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext('2d');
  const rows = tileGrid.getFullTileRange(z).getHeight();
  context.strokeStyle = color;
  context.strokeRect(0.5, 0.5, size - 1, size - 1);
  context.font = '600 14px system-ui, sans-serif';
  context.textAlign = 'center';
  context.lineWidth = 3;
  context.strokeStyle = '#fff';
  context.fillStyle = color;
  [`${z}/${x}/${y}`, `TMS ${z}/${x}/${rows - y - 1}`].forEach((text, line) => {
    context.strokeText(text, size / 2, size / 2 + 20 * line);
    context.fillText(text, size / 2, size / 2 + 20 * line);
  });
  return canvas;
}

/** The tiles of a layer with their numbers: rows from the north (XYZ) and from the south (TMS). */
export class TileGridOverlay {
  name = 'tiles';
  #view;
  #target;
  #drawn = null;

  /** @param {function(): Object|undefined} target the layer that is looked into */
  constructor(view, target) {
    this.#view = view;
    this.#target = target;
  }

  show(isOn) {
    if (this.#drawn) {
      this.#view.map.removeLayer(this.#drawn);
      this.#drawn = null;
    }
    const layer = this.#target();
    if (!isOn || !layer) {
      return isOn ? 'There is no layer on the map.' : '';
    }
    if (!boundsIn(layer, this.#view.projection)) {
      return 'That layer is not drawn on this map.';
    }
    const tileGrid = tileGridOf(layer);
    this.#drawn = new ImageTileLayer({
      zIndex: overlayIndex + 1,
      source: new ImageTile({
        projection: projectionOf(layer.grid),
        tileGrid,
        transition: 0,
        wrapX: false,
        loader: (z, x, y) => draw(tileGrid, z, x, y),
      }),
    });
    this.#view.map.addLayer(this.#drawn);
    return '';
  }
}
