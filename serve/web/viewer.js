'use strict';

// A layer chooser on a map. Everything comes from this server: the list from layers.json, the tiles
// from tiles/. `ol` is OpenLayers, loaded before this script.

const refreshEveryMs = 15000;

const chooser = document.getElementById('layer');
const position = document.getElementById('position');
const message = document.getElementById('message');

let layers = [];
let shown = null;

const map = new ol.Map({target: 'map', layers: [], controls: ol.control.defaults.defaults()});

// Attributions often hold links, and come from whoever made the package: keep text and plain links.
function safeAttribution(html) {
  const safe = document.createElement('span');
  const copy = (from, to) => {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        to.append(node.textContent);
      } else if (node.nodeName === 'A' && /^https?:\/\//i.test(node.getAttribute('href') ?? '')) {
        const link = document.createElement('a');
        link.href = node.getAttribute('href');
        link.rel = 'noopener noreferrer';
        link.target = '_blank';
        copy(node, link);
        to.append(link);
      } else if (node.nodeType === Node.ELEMENT_NODE && !['SCRIPT', 'STYLE'].includes(node.nodeName)) {
        copy(node, to);
      }
    }
  };
  copy(new DOMParser().parseFromString(html, 'text/html').body, safe);
  return safe.innerHTML;
}

function tileUrl(layer) {
  // Relative to this page, so that it also works behind a proxy with a path of its own.
  const extension = layer.format ?? 'png';
  return `tiles/${encodeURIComponent(layer.id)}/{z}/{x}/{y}.${extension}`;
}

// OpenLayers knows few reference systems; of any other it is enough to know the unit. Then nothing
// can be said in degrees.
function projectionOf(grid) {
  return ol.proj.get(grid.srs) ?? new ol.proj.Projection({
    code: grid.srs, units: grid.unit, extent: grid.extent,
  });
}

function isKnown(grid) {
  return ol.proj.get(grid.srs) !== null;
}

function mapLayer(layer) {
  const grid = layer.grid;
  const [west, , , north] = grid.extent;
  const isVector = layer.format === 'pbf';
  const options = {
    url: tileUrl(layer),
    projection: projectionOf(grid),
    attributions: layer.attribution ? [safeAttribution(layer.attribution)] : undefined,
    attributionsCollapsible: false,
    transition: 0,
    tileGrid: new ol.tilegrid.TileGrid({
      ...(grid.norths ? {origins: grid.norths.map((y) => [west, y])} : {origin: [west, north]}),
      resolutions: grid.resolutions,
      tileSize: grid.tile_size,
      minZoom: Math.min(layer.minzoom, grid.resolutions.length - 1),
    }),
  };
  if (isVector) {
    return new ol.layer.VectorTile({
      declutter: true,
      source: new ol.source.VectorTile({...options, format: new ol.format.MVT()}),
      style: vectorStyle,
    });
  }
  return new ol.layer.Tile({source: new ol.source.XYZ({...options, interpolate: true})});
}

// One plain style for any vector tiles: areas, lines and named points can be told apart.
function vectorStyle(feature) {
  const name = feature.get('name');
  return new ol.style.Style({
    fill: new ol.style.Fill({color: 'rgb(22 101 52 / 18%)'}),
    stroke: new ol.style.Stroke({color: 'rgb(22 101 52 / 80%)', width: 1}),
    image: new ol.style.Circle({
      radius: 3,
      fill: new ol.style.Fill({color: '#166534'}),
      stroke: new ol.style.Stroke({color: '#fff', width: 1}),
    }),
    text: name === undefined ? undefined : new ol.style.Text({
      text: String(name),
      offsetY: -10,
      font: '12px system-ui, sans-serif',
      fill: new ol.style.Fill({color: '#1f2937'}),
      stroke: new ol.style.Stroke({color: '#fff', width: 3}),
    }),
  });
}

function boundsIn(layer) {
  if (!isKnown(layer.grid)) {
    return layer.grid.extent;
  }
  // Latitudes beyond the limit of Web Mercator have no place on its maps.
  const limit = layer.grid.srs === 'EPSG:3857' ? 85.051129 : 90;
  const [west, south, east, north] = layer.bounds;
  const box = [west, Math.max(south, -limit), east, Math.min(north, limit)];
  return ol.proj.transformExtent(box, 'EPSG:4326', layer.grid.srs);
}

function fit(layer) {
  map.getView().fit(boundsIn(layer), {padding: [64, 24, 48, 24], maxZoom: layer.maxzoom + 1});
}

function show(layer, keepsView) {
  map.setLayers([mapLayer(layer)]);
  if (!keepsView) {
    const projection = projectionOf(layer.grid);
    map.setView(new ol.View({
      projection,
      center: ol.extent.getCenter(boundsIn(layer)),
      zoom: layer.minzoom,
      maxZoom: layer.maxzoom + 4,
      extent: projection.getExtent(),
      showFullExtent: true,
      enableRotation: false,
    }));
    map.getView().on('change', () => showPosition());
    fit(layer);
  }
  shown = layer;
  location.replace(`#${encodeURIComponent(layer.id)}`);
  showPosition();
}

function showPosition(coordinate) {
  const view = map.getView();
  const at = coordinate ?? view.getCenter();
  if (!at || !shown) {
    return;
  }
  const zoom = (view.getZoom() ?? 0).toFixed(1);
  if (!isKnown(shown.grid)) {
    position.textContent = `zoom ${zoom} · ${at[0].toFixed(1)}, ${at[1].toFixed(1)} (${shown.grid.srs})`;
    return;
  }
  const [lon, lat] = ol.proj.transform(at, view.getProjection(), 'EPSG:4326');
  position.textContent = `zoom ${zoom} · ${lat.toFixed(5)}, ${lon.toFixed(5)}`;
}

function fillChooser() {
  chooser.replaceChildren(...layers.map((layer) => {
    const title = layer.name === layer.id ? layer.id : `${layer.id} – ${layer.name}`;
    return new Option(title, layer.id, false, layer.id === shown?.id);
  }));
  chooser.disabled = layers.length === 0;
}

function wantedLayer() {
  let id = '';
  try {
    id = decodeURIComponent(location.hash.slice(1));
  } catch {
    // a broken address names no layer
  }
  return layers.find((layer) => layer.id === (shown?.id ?? id)) ?? layers[0];
}

let lastGeneration;

async function refresh() {
  let list;
  try {
    const answer = await fetch('layers.json');
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    list = await answer.json();
  } catch (error) {
    message.textContent = `The server does not answer (${error.message}).`;
    return;
  }
  const hasChanged = JSON.stringify(list.layers) !== JSON.stringify(layers);
  const hasNewTiles = list.generation !== lastGeneration;
  layers = list.layers;
  lastGeneration = list.generation;
  message.textContent = layers.length === 0 ? 'There is no layer to show yet.' : '';
  if (layers.length === 0) {
    map.setLayers([]);
    shown = null;
  }
  if (hasChanged || hasNewTiles) {
    const wanted = wantedLayer();
    if (wanted) {
      show(wanted, shown?.id === wanted.id);
    }
    fillChooser();
  }
}

chooser.addEventListener('change', () => {
  const layer = layers.find((one) => one.id === chooser.value);
  if (layer) {
    show(layer, false);
  }
});
document.getElementById('fit').addEventListener('click', () => shown && fit(shown));
map.on('pointermove', (event) => showPosition(event.coordinate));

refresh();
setInterval(refresh, refreshEveryMs);
