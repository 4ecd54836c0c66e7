// What aria2 needs beside itself: `node torrent.mjs FILE TORRENT` writes a torrent of FILE, prints the
// port of a tracker that names all its clients to each other, and tracks until it is killed (BEP 3, 23).
import { createHash } from "node:crypto";
import { openSync, readSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";

const pieceBytes = 1 << 20;
const [file, torrent] = process.argv.slice(2);

function bencode(value) {
  if (typeof value === "number") return Buffer.from(`i${value}e`);
  if (typeof value === "string" || Buffer.isBuffer(value)) {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes]);
  }
  const entries = Object.keys(value).sort().flatMap((key) => [bencode(key), bencode(value[key])]);
  return Buffer.concat([Buffer.from("d"), ...entries, Buffer.from("e")]);
}

function info() {
  const descriptor = openSync(file, "r");
  const piece = Buffer.alloc(pieceBytes);
  const digests = [];
  for (let size; (size = readSync(descriptor, piece)) > 0; )
    digests.push(createHash("sha1").update(piece.subarray(0, size)).digest());
  return {
    name: basename(file),
    length: statSync(file).size,
    "piece length": pieceBytes,
    pieces: Buffer.concat(digests),
  };
}

const ports = new Set();

function compact(port) {
  return Buffer.from([127, 0, 0, 1, port >> 8, port & 255]);
}

const server = createServer((request, response) => {
  const port = Number(new URL(request.url, "http://tracker").searchParams.get("port"));
  ports.add(port);
  const others = [...ports].filter((other) => other !== port).map(compact);
  response.end(bencode({ interval: 2, peers: Buffer.concat(others) }));
});
server.listen(0, "127.0.0.1", () => {
  const announce = `http://127.0.0.1:${server.address().port}/announce`;
  writeFileSync(torrent, bencode({ announce, info: info() }));
  console.log(server.address().port);
});
