import {byId} from './dom.js';

const narrow = window.matchMedia('(max-width: 640px)');

/** The panel beside the map, which on small screens lies over it, and its tabs. */
export function setUpPanel(view) {
  const panel = byId('panel');
  const opener = byId('open-panel');
  const show = (isOpen) => {
    panel.hidden = !isOpen;
    opener.setAttribute('aria-expanded', String(isOpen));
    view.map.updateSize();
  };
  opener.addEventListener('click', () => {
    show(panel.hidden);
    if (!panel.hidden) {
      byId('place').focus();
    }
  });
  byId('close-panel').addEventListener('click', () => {
    show(false);
    opener.focus();
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && narrow.matches) {
      show(false);
      opener.focus();
    }
  });
  show(!narrow.matches);
  setUpTabs([...panel.querySelectorAll('[role=tab]')]);
}

/** Tabs as the ARIA practices have them: one is in the tab order, arrow keys go to the others. */
function setUpTabs(tabs) {
  const select = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      byId(tab.getAttribute('aria-controls')).hidden = !isChosen;
    }
  };
  tabs.forEach((tab, place) => {
    tab.addEventListener('click', () => select(tab));
    tab.addEventListener('keydown', (event) => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (step) {
        const next = tabs[(place + step + tabs.length) % tabs.length];
        select(next);
        next.focus();
      }
    });
  });
  select(tabs[0]);
}
