import {byId} from './dom.js';

let fading;

/** Say something that passes: seen for some seconds, and read out. */
export function announce(text) {
  clearTimeout(fading);
  byId('message').textContent = text;
  fading = setTimeout(() => (byId('message').textContent = ''), 8000);
}

/** Say what is so until it is said otherwise; empty: nothing. */
export function showState(text) {
  if (byId('state').textContent !== text) {
    byId('state').textContent = text;
  }
}
