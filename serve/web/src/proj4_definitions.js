import {toPoint} from 'mgrs';
import {register} from 'ol/proj/proj4.js';
import proj4 from 'proj4';

let definitions;

/** Of all codes at once: they are many, and compressed together they are small. */
async function load() {
  const answer = await fetch('epsg.json');
  if (!answer.ok) {
    throw new Error(`epsg.json: status ${answer.status}`);
  }
  return answer.json();
}

/** Teach OpenLayers the SRS `EPSG:number`; false where there is no definition that can be used. */
export async function define(name) {
  definitions ??= load();
  const definition = (await definitions)[name.replace(/^EPSG:/, '')];
  if (!definition) {
    return false;
  }
  try {
    proj4.defs(name, definition);
    proj4(name, 'EPSG:4326');  // throws for a projection that proj4 does not have
    register(proj4);
    return true;
  } catch {
    return false;
  }
}

/** Longitude and latitude of a place in UTM. */
export function fromUtm(zone, isSouth, easting, northing) {
  return proj4(`+proj=utm +zone=${zone} ${isSouth ? '+south ' : ''}+datum=WGS84`, 'EPSG:4326', [easting, northing]);
}

/** Longitude and latitude of the middle of a square of MGRS. Throws for what is none. */
export function fromMgrs(text) {
  return toPoint(text);
}
