// Our programs beside the browser, on free ports of this machine.

import {spawn} from 'node:child_process';
import path from 'node:path';

/** The path of a program that was built with the tests. */
export function program(name) {
  if (!process.env.OFFGRID_PROGRAMS) {
    throw new Error('OFFGRID_PROGRAMS names the folder with the programs');
  }
  return path.join(process.env.OFFGRID_PROGRAMS, name);
}

/** A program that says where it listens. Ends with `stop`. */
export class Server {
  #child;
  #said = '';
  #hasEnded = false;
  #onNews = () => {};

  constructor(command) {
    this.#child = spawn(command[0], command.slice(1), {stdio: ['ignore', 'pipe', 'pipe']});
    const note = (text) => {
      this.#said += text;
      this.#onNews();
    };
    this.#child.once('close', () => {
      this.#hasEnded = true;
      this.#onNews();
    });
    this.#child.stdout.setEncoding('utf8').on('data', note);
    this.#child.stderr.setEncoding('utf8').on('data', note);
  }

  /** The address behind the words in what it says. */
  async address(words) {
    const pattern = new RegExp(`${words}\\s+(https?://\\S+)`);
    for (;;) {
      const found = pattern.exec(this.#said);
      if (found) {
        return found[1].replace(/\/$/, '');
      }
      if (this.#hasEnded) {
        throw new Error(`it ended: ${this.#said}`);
      }
      await new Promise((resolve) => (this.#onNews = resolve));
    }
  }

  async stop() {
    if (!this.#hasEnded) {
      const ended = new Promise((resolve) => this.#child.once('close', resolve));
      this.#child.kill('SIGTERM');
      await ended;
    }
  }
}
