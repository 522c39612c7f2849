import geodesic from 'geographiclib-geodesic';

const ellipsoid = geodesic.Geodesic.WGS84;

/** Metres along the shortest lines on WGS 84 from place to place. @param {Array<[number, number]>} places [lon, lat] */
export function lengthOf(places) {
  const line = ellipsoid.Polygon(true);
  places.forEach(([lon, lat]) => line.AddPoint(lat, lon));
  return line.Compute(false, true).perimeter;
}

/** Square metres on WGS 84 within the ring, whichever way it goes round. */
export function areaOf(ring) {
  const polygon = ellipsoid.Polygon(false);
  ring.forEach(([lon, lat]) => polygon.AddPoint(lat, lon));
  return Math.abs(polygon.Compute(false, true).area);
}
