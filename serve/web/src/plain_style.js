import {Circle, Fill, Stroke, Style, Text} from 'ol/style.js';

const line = 'rgb(22 101 52 / 80%)';
const shape = {
  fill: new Fill({color: 'rgb(22 101 52 / 18%)'}),
  stroke: new Stroke({color: line, width: 1}),
  image: new Circle({radius: 3, fill: new Fill({color: '#166534'}), stroke: new Stroke({color: '#fff', width: 1})}),
};
const plain = new Style(shape);

/** One style for any vector tiles: areas, lines and named points can be told apart. */
export function plainStyle(feature) {
  const name = feature.get('name');
  if (name === undefined || name === null) {
    return plain;
  }
  return new Style({
    ...shape,
    text: new Text({
      text: String(name),
      offsetY: -10,
      font: '12px system-ui, sans-serif',
      fill: new Fill({color: '#1f2937'}),
      stroke: new Stroke({color: '#fff', width: 3}),
    }),
  });
}
