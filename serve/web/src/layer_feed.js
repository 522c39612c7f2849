const askEveryMs = 15000;

/**
 * The layers that the server has now, asked again and again, so that an update shows without a
 * reload. Events: `layers` when the list or the tiles have changed, `failure` with a message.
 */
export class LayerFeed extends EventTarget {
  /** As `layers.json` has them. @type {Array<Object>} */
  layers = [];
  /** Grows with each change of the tiles. */
  revision = 0;
  #generation;
  #hasAnswered = false;

  start() {
    this.#ask();
    setInterval(() => this.#ask(), askEveryMs);
    // What was in the background for long shows what is now at once.
    document.addEventListener('visibilitychange', () => document.hidden || this.#ask());
  }

  find(id) {
    return this.layers.find((layer) => layer.id === id);
  }

  async #ask() {
    try {
      const answer = await fetch('layers.json');
      if (!answer.ok) {
        throw new Error(`status ${answer.status}`);
      }
      this.#take(await answer.json());
    } catch (error) {
      this.dispatchEvent(new CustomEvent('failure', {detail: error.message}));
    }
  }

  #take(list) {
    const isSame = this.#hasAnswered && list.generation === this.#generation &&
      JSON.stringify(list.layers) === JSON.stringify(this.layers);
    this.layers = list.layers;
    this.revision += list.generation === this.#generation ? 0 : 1;
    this.#generation = list.generation;
    this.#hasAnswered = true;
    this.dispatchEvent(new CustomEvent('answer'));
    if (!isSame) {
      this.dispatchEvent(new CustomEvent('layers'));
    }
  }
}
