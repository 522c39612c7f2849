import {FilesOverlay, CoverageOverlay} from './box_overlay.js';
import {Catalogue} from './catalogue.js';
import {byId} from './dom.js';
import {GraticuleOverlay} from './graticule.js';
import {LayerFeed} from './layer_feed.js';
import {MapView} from './map_view.js';
import {Measure} from './measure.js';
import {announce, showState} from './messages.js';
import {Outline} from './outline.js';
import {OverlaySwitches} from './overlay_switches.js';
import {setUpPanel} from './panel.js';
import {linkOf, parseLink} from './permalink.js';
import {setUpPosition} from './position.js';
import {Search} from './search.js';
import {Stack} from './stack.js';
import {StackPanel} from './stack_panel.js';
import {Swipe} from './swipe.js';
import {TileGridOverlay} from './tile_grid_overlay.js';

const feed = new LayerFeed();
const stack = new Stack();
const view = new MapView(byId('map'), feed, stack);
const catalogue = new Catalogue(feed, stack);
const outline = new Outline(view);
const swipe = new Swipe(feed, stack, view);
const switches = new OverlaySwitches(feed, stack, view);
const measure = new Measure(view);
new StackPanel(feed, stack, view);
new Search(view);
setUpPanel(view);
setUpPosition(view);
for (const overlay of [
  new GraticuleOverlay(view),
  new TileGridOverlay(view, () => switches.target()),
  new FilesOverlay(view, () => switches.target()),
  new CoverageOverlay(view, () => switches.target()),
]) {
  switches.add(overlay);
}

/** The link as this page has written it: what differs has been changed by somebody. */
let written = null;

function followLink() {
  const link = parseLink(location.hash);
  const entries = link.entries.filter(({id}) => feed.find(id));
  const first = feed.layers[0];
  if (entries.length < link.entries.length) {
    announce('Not all layers of this link are there.');
  }
  view.wantView(entries.length > 0 ? link.view : null);
  stack.replace(entries.length > 0 || !first ? entries : [{id: first.id, opacity: 1, isVisible: true}]);
  swipe.set(link.swipe);
  switches.set(link.show);
}

function writeLink() {
  if (!view.base || written === null) {
    return;
  }
  const center = view.view.getCenter();
  const at = center && {x: center[0], y: center[1], zoom: view.view.getZoom()};
  written = linkOf({entries: stack.entries, view: at, swipe: swipe.state, show: switches.shown});
  if (written !== location.hash) {
    history.replaceState(null, '', written);
  }
}

feed.addEventListener('answer', () => showState(feed.layers.length === 0 ? 'There is no layer to show yet.' : ''));
feed.addEventListener('failure', ({detail}) => showState(`The server does not answer (${detail}).`));
feed.addEventListener('layers', () => {
  // Also when what a link names, or any layer at all, comes later.
  if (written === null && feed.layers.length > 0) {
    written = location.hash;
    followLink();
  } else {
    drawAgain();
  }
});

function drawAgain() {
  view.draw().catch((error) => announce(`The map cannot be drawn: ${error.message}`));
}

stack.addEventListener('change', drawAgain);
view.addEventListener('drawn', writeLink);
view.map.on('moveend', writeLink);
swipe.addEventListener('change', writeLink);
switches.addEventListener('change', writeLink);
window.addEventListener('hashchange', () => location.hash !== written && followLink());
catalogue.addEventListener('point', ({detail}) => outline.show(detail));
catalogue.addEventListener('only', ({detail}) => {
  view.wantView(null);
  stack.replace([{id: detail.id, opacity: 1, isVisible: true}]);
  view.addEventListener('drawn', () => view.fit(detail), {once: true});
});
byId('map').addEventListener('keydown', (event) => event.key === 'Escape' && measure.stop());
byId('copy-link').addEventListener('click', async () => {
  writeLink();
  try {
    await navigator.clipboard.writeText(location.href);
    announce('The link to this view is copied.');
  } catch {
    announce('Copy the link from the address bar of the browser.');
  }
});

feed.start();
