// Tilesets of known colours, made with the tools of SQLite and GDAL.

import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {deflateSync} from 'node:zlib';
import {crc32} from './crc32.mjs';

function chunk(type, content) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** A PNG (ISO 15948) of one colour. */
export function png([red, green, blue], size = 256) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(size * 3, Buffer.from([red, green, blue]))]);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(Array(size).fill(row)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An MBTiles file of the whole world in one colour, zooms 0 to 2. */
export function writeWorld(file, color, {name, attribution = ''}) {
  rmSync(file, {force: true});
  const content = png(color).toString('hex');
  const metadata = {name, attribution, format: 'png', minzoom: '0', maxzoom: '2', bounds: '-180,-85.051129,180,85.051129'};
  execFileSync('sqlite3', [file], {input: `
    CREATE TABLE metadata (name TEXT, value TEXT);
    CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);
    CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
    INSERT INTO tiles SELECT z.i, x.i, y.i, x'${content}' FROM n z, n x, n y
      WHERE z.i < 3 AND x.i < (1 << z.i) AND y.i < (1 << z.i);
    ${Object.entries(metadata).map(([key, value]) => `INSERT INTO metadata VALUES (${quoted(key)}, ${quoted(value)});`).join('\n')}
  `});
}

/** A cache of MapCache with tiles in UTM 37 north, of one colour, around 1° N 39° E: zooms 0 and 1.
 *  Returns its configuration. */
export function writeUtm(folder, color) {
  const content = png(color);
  for (const [z, x, y] of [[0, 0, 0], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]]) {
    mkdirSync(`${folder}/utm/${z}/${x}`, {recursive: true});
    writeFileSync(`${folder}/utm/${z}/${x}/${y}.png`, content);
  }
  const configuration = `${folder}/utm.xml`;
  writeFileSync(configuration, `<mapcache>
    <grid name="utm37">
      <srs>EPSG:32637</srs><units>m</units><size>256 256</size>
      <extent>400000 0 604800 204800</extent><resolutions>800 400</resolutions><origin>top-left</origin>
    </grid>
    <cache name="tiles" type="disk" layout="template"><template>${folder}/utm/{z}/{x}/{y}.png</template></cache>
    <tileset name="utm"><cache>tiles</cache><grid>utm37</grid><format>PNG</format></tileset>
    <format name="PNG" type="PNG"/>
  </mapcache>`);
  return configuration;
}

/** Vector tiles with a square around the origin. */
export function writeVector(file, folder) {
  const shapes = `${folder}/square.geojson`;
  const ring = [[-60, -40], [60, -40], [60, 40], [-60, 40], [-60, -40]];
  writeFileSync(shapes, JSON.stringify({type: 'FeatureCollection', features: [
    {type: 'Feature', properties: {name: '<b>Square</b>'}, geometry: {type: 'Polygon', coordinates: [ring]}}]}));
  execFileSync('ogr2ogr', ['-q', '-f', 'MVT', file, shapes, '-dsco', 'FORMAT=MBTILES', '-dsco', 'MINZOOM=0', '-dsco', 'MAXZOOM=2', '-dsco', 'NAME=Square']);
}
