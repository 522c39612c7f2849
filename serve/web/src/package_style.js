import {stylefunction} from 'ol-mapbox-style';

/** Style zoom 0 shows the world in one tile of 512 pixels (MapLibre style specification, "zoom"). */
const worldPixels = 512;
const worldWidth = {degrees: 360, m: 40075016.68557849};
const levels = 25;

async function json(url) {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw new Error(`${url}: status ${answer.status}`);
  }
  return answer.json();
}

/** The picture with all symbols and where each is in it, at the sharpness of this screen; nothing
 *  where the style has none. */
async function symbols(style, styleUrl) {
  if (typeof style.sprite !== 'string') {
    return {};
  }
  const base = new URL(style.sprite, styleUrl).href;
  const sharp = window.devicePixelRatio > 1 ? '@2x' : '';
  return {places: await json(`${base}${sharp}.json`), picture: `${base}${sharp}.png`};
}

/**
 * Draw vector tiles as the style of their package says. Throws for a style that cannot be read.
 *
 * Texts are drawn in the fonts of this machine, the style's fonts being names to look for: none is
 * loaded from anywhere.
 * @param {import('ol/layer/VectorTile.js').default} drawn
 */
export async function applyPackageStyle(drawn, address, unit) {
  const styleUrl = new URL(address, document.baseURI).href;
  const style = await json(styleUrl);
  const source = Object.keys(style.sources).find((name) => style.sources[name].type === 'vector');
  if (!source) {
    throw new Error('the style has no vector source');
  }
  const {places, picture} = await symbols(style, styleUrl);
  const widest = (worldWidth[unit] ?? worldWidth.m) / worldPixels;
  const resolutions = Array.from({length: levels}, (_, zoom) => widest / 2 ** zoom);
  stylefunction(drawn, style, source, resolutions, places, picture, (fonts) => fonts);
  const background = style.layers.find((layer) => layer.type === 'background')?.paint?.['background-color'];
  if (typeof background === 'string') {
    drawn.setBackground(background);
  }
}
