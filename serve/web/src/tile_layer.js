import {getCenter, intersects} from 'ol/extent.js';
import MVT from 'ol/format/MVT.js';
import ImageTileLayer from 'ol/layer/Tile.js';
import VectorTileLayer from 'ol/layer/VectorTile.js';
import {getPointResolution} from 'ol/proj.js';
import VectorTileSource from 'ol/source/VectorTile.js';
import XYZ from 'ol/source/XYZ.js';
import TileGrid from 'ol/tilegrid/TileGrid.js';
import TileState from 'ol/TileState.js';
import {safeAttribution} from './attribution.js';
import {announce} from './messages.js';
import {plainStyle} from './plain_style.js';
import {boundsIn, projectionOf} from './projections.js';

/** Further out than this its tiles would be many and tiny. */
const shownBelowMinZoom = 2.5;

export function isVector(layer) {
  return layer.format === 'pbf';
}

/** The address of its tiles, relative to this page: it may be behind a proxy with a path of its own. */
export function tileAddress(layer) {
  return `tiles/${encodeURIComponent(layer.id)}/{z}/{x}/{y}.${layer.format ?? 'png'}`;
}

export function tileGridOf(layer) {
  const {grid} = layer;
  const [west, , , north] = grid.extent;
  return new TileGrid({
    ...(grid.norths ? {origins: grid.norths.map((y) => [west, y])} : {origin: [west, north]}),
    extent: grid.extent,
    resolutions: grid.resolutions,
    tileSize: grid.tile_size,
    minZoom: Math.min(layer.minzoom, grid.resolutions.length - 1),
  });
}

/** Fetched rather than left to an image, so that the browser asks whether a tile is still the same:
 *  an image that the page has had once would be taken as it was. */
async function loadImage(tile, address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok && answer.status !== 404) {
      throw new Error(`status ${answer.status}`);
    }
    if (answer.status !== 200) {
      tile.setState(TileState.EMPTY);
      return;
    }
    const image = tile.getImage();
    const url = URL.createObjectURL(await answer.blob());
    const release = () => URL.revokeObjectURL(url);
    image.addEventListener('load', release, {once: true});
    image.addEventListener('error', release, {once: true});
    image.src = url;
  } catch {
    tile.setState(TileState.ERROR);
  }
}

/** Tiles out of the layer's bounds are not there: they need not be asked for. */
function addressFunction(layer, tileGrid) {
  const address = tileAddress(layer);
  const bounds = boundsIn(layer, projectionOf(layer.grid)) ?? layer.grid.extent;
  return ([z, x, y]) => (intersects(tileGrid.getTileCoordExtent([z, x, y]), bounds)
    ? address.replace('{z}', z).replace('{x}', x).replace('{y}', y)
    : undefined);
}

function makeSource(layer) {
  const tileGrid = tileGridOf(layer);
  const options = {
    tileUrlFunction: addressFunction(layer, tileGrid),
    projection: projectionOf(layer.grid),
    attributions: layer.attribution ? [safeAttribution(layer.attribution)] : undefined,
    attributionsCollapsible: false,
    transition: 0,
    tileGrid,
  };
  return isVector(layer)
    ? new VectorTileSource({...options, format: new MVT()})
    : new XYZ({...options, tileLoadFunction: loadImage});
}

/** Pixels of the view for one of the layer's, where the layer is. */
function scaleTo(projection, layer) {
  const own = projectionOf(layer.grid);
  const here = boundsIn(layer, projection);
  const there = boundsIn(layer, own);
  if (own === projection || !here || !there) {
    return 1;
  }
  return getPointResolution(own, 1, getCenter(there), 'm') / getPointResolution(projection, 1, getCenter(here), 'm');
}

/**
 * What draws the layer in a projection, or null when it cannot be drawn there.
 * @param {Object} layer of layers.json
 * @param {import('ol/proj/Projection.js').default} projection of the view
 */
export function makeTileLayer(layer, projection, className) {
  const extent = boundsIn(layer, projection);
  if (!extent) {
    return null;
  }
  const coarsest = layer.grid.resolutions[Math.min(layer.minzoom, layer.grid.resolutions.length - 1)];
  const options = {
    className,
    maxResolution: coarsest * scaleTo(projection, layer) * 2 ** shownBelowMinZoom,
  };
  if (!isVector(layer)) {
    return new ImageTileLayer({...options, extent, source: makeSource(layer)});
  }
  // Without the extent: names at its edge would be cut.
  const drawn = new VectorTileLayer({...options, declutter: true, source: makeSource(layer), style: plainStyle});
  if (layer.style) {
    dress(drawn, layer);
  }
  return drawn;
}

async function dress(drawn, layer) {
  try {
    const {applyPackageStyle} = await import('./package_style.js');
    await applyPackageStyle(drawn, layer.style, layer.grid.unit);
  } catch (error) {
    drawn.setStyle(plainStyle);
    announce(`The style of ${layer.name} cannot be used (${error.message}).`);
  }
}

/** Ask for the tiles again: they may be others now. */
export function renewTiles(drawn, layer) {
  drawn.setSource(makeSource(layer));
}
