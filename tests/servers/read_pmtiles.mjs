// Reads a PMTiles file with the reader of its authors: node read_pmtiles.mjs FILE < KEYS
//
// KEYS are lines "z x y". Prints the header as a line of JSON, the metadata as another, and for each
// key "absent" or the SHA-256 of the tile, decompressed.

import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { PMTiles } from "pmtiles";

class DiskSource {
  constructor(path) {
    this.path = path;
    this.descriptor = openSync(path);
  }
  getKey() {
    return this.path;
  }
  async getBytes(offset, length) {
    const bytes = new Uint8Array(length);
    const size = readSync(this.descriptor, bytes, 0, length, offset);
    return { data: bytes.buffer.slice(0, size) };
  }
}

const source = new DiskSource(process.argv[2]);
const archive = new PMTiles(source);
console.log(JSON.stringify(await archive.getHeader()));
console.log(JSON.stringify(await archive.getMetadata()));
const lines = [];
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const tile = await archive.getZxy(...line.split(" ").map(Number));
  lines.push(tile ? createHash("sha256").update(Buffer.from(tile.data)).digest("hex") : "absent");
}
console.log(lines.join("\n"));
closeSync(source.descriptor);
