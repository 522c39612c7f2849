import Projection from 'ol/proj/Projection.js';
import {get, transform, transformExtent} from 'ol/proj.js';

/** SRS that nobody here can compute with. */
const unknown = new Set();
/** Of grids with an unknown SRS: their unit is all that is known. @type {Map<string, Projection>} */
const plain = new Map();

/** The number of an EPSG code in any of its spellings, or null. */
export function epsgNumber(srs) {
  return /^(?:EPSG:|urn:ogc:def:crs:EPSG:[\d.]*:|https?:\/\/www\.opengis\.net\/def\/crs\/EPSG\/[\d.]+\/)(\d+)$/i
    .exec(srs)?.[1] ?? null;
}

/** OpenLayers' name of an SRS. */
function nameOf(srs) {
  const number = epsgNumber(srs);
  return number ? `EPSG:${number}` : srs;
}

/** Make the SRS of the grids known where that is possible. The definitions are loaded for the first
 *  that OpenLayers does not know itself. */
export async function learn(grids) {
  for (const grid of grids) {
    const name = nameOf(grid.srs);
    if (get(name) || unknown.has(name)) {
      continue;
    }
    const {define} = await import('./proj4_definitions.js');
    if (await define(name)) {
      limit(get(name), grid);
    } else {
      unknown.add(name);
    }
  }
}

/** Beyond its grid a projection may have no sense, and no end. */
function limit(projection, grid) {
  projection.setExtent(grid.extent);
  const world = transformExtent(grid.extent, projection, 'EPSG:4326', 16);
  if (world.every(Number.isFinite)) {
    projection.setWorldExtent(world);
  }
}

export function isKnown(grid) {
  return get(nameOf(grid.srs)) !== null;
}

/** The projection of a grid; of an SRS that is not known one that has its unit only. */
export function projectionOf(grid) {
  const name = nameOf(grid.srs);
  const known = get(name);
  if (known) {
    return known;
  }
  if (!plain.has(name)) {
    plain.set(name, new Projection({code: name, units: grid.unit, extent: grid.extent}));
  }
  return plain.get(name);
}

/** Whether places in this projection can be told in degrees. */
export function hasDegrees(projection) {
  return get(projection.getCode()) !== null;
}

/** [longitude, latitude], or null where the SRS is not known. */
export function toDegrees(coordinate, projection) {
  return hasDegrees(projection) ? transform(coordinate, projection, 'EPSG:4326') : null;
}

/** The server tells bounds in degrees, and the whole world where it cannot compute them. */
function tellsBounds({bounds, grid}) {
  return bounds[2] - bounds[0] < 360 || ['3857', '4326'].includes(epsgNumber(grid.srs));
}

function boundsOf(layer, projection) {
  // Latitudes beyond the limit of Web Mercator have no place on its maps.
  const limitOfLatitude = projection.getCode() === 'EPSG:3857' ? 85.051129 : 90;
  const [west, south, east, north] = layer.bounds;
  const clamp = (latitude) => Math.max(-limitOfLatitude, Math.min(latitude, limitOfLatitude));
  return transformExtent([west, clamp(south), east, clamp(north)], 'EPSG:4326', projection, 8);
}

/** Where the layer is, in a projection; null where that cannot be told, or is nowhere. */
export function boundsIn(layer, projection) {
  const own = projectionOf(layer.grid);
  if (!hasDegrees(own) || !hasDegrees(projection)) {
    return own === projection ? layer.grid.extent : null;
  }
  const box = tellsBounds(layer)
    ? boundsOf(layer, projection)
    : transformExtent(layer.grid.extent, own, projection, 8);
  return box.every(Number.isFinite) ? box : null;
}
