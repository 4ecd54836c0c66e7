// A client of block exchange on js-libp2p, which does to a node what peers do, and worse:
//   node blockexc-peer.mjs ADDRESS TREE LEAVES FILE MUXER
// asks for all leaves of a dataset, writes their bytes to FILE, and says a line for each step.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { mplex } from '@libp2p/mplex'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { base58btc } from 'multiformats/bases/base58'

Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new Promise((yes, no) => { resolve = yes; reject = no })
  return { promise, resolve, reject }
}
const { createLibp2p } = await import('libp2p')

const protocol = '/codex/blockexc/1.0.0'
const [to, treeText, leavesText, file, muxer] = process.argv.slice(2)
const address = multiaddr(to)
const tree = Buffer.from(base58btc.decode(treeText))
const leaves = Number(leavesText)
const muxers = { '/mplex/6.7.0': mplex, '/yamux/1.0.0': yamux }

// --- messages, by hand -------------------------------------------------------

function varint (number) {
  const bytes = []
  for (; number >= 128; number = Math.floor(number / 128)) bytes.push(number % 128 + 128)
  return Buffer.from([...bytes, number])
}
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)])
const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value])
const leaf = (index, of = tree) => Buffer.concat([number(1, 1), bytes(2, of), number(3, index)])
const plain = cid => Buffer.concat([number(1, 0), bytes(4, cid)])
const entry = (where, type, { cancel = 0, dontHave = 0 } = {}) => bytes(1, Buffer.concat([
  bytes(1, where), number(2, 0), number(3, cancel), number(4, type), number(5, dontHave)]))
const list = (entries, full = 0) => {
  const message = bytes(1, Buffer.concat([...entries, number(2, full)]))
  return Buffer.concat([varint(message.length), message])
}
const [block, have] = [0, 1]

function readVarint (from, at) {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    if (at >= from.length) return undefined
    const byte = from[at++]
    value += (byte & 127) * scale
    if (byte < 128) return [value, at]
  }
}

// The fields of a message: [number, value] in their order.
function * fields (message) {
  for (let at = 0; at < message.length;) {
    let tag, value
    ;[tag, at] = readVarint(message, at)
    ;[value, at] = readVarint(message, at)
    if (tag % 8 === 2) {
      const end = at + value
      value = message.subarray(at, end)
      at = end
    }
    yield [tag >> 3, value]
  }
}
const first = (message, field) => [...fields(message)].find(([found]) => found === field)?.[1]

// --- what comes --------------------------------------------------------------

const presences = []
const deliveries = []
let largest = 0
let changed = Promise.withResolvers()

function take (message) {
  let blocks = 0
  for (const [field, value] of fields(message)) {
    if (field === 3) deliveries.push(value), ++blocks
    if (field === 4) presences.push({ index: first(first(value, 1), 3), cid: first(first(value, 1), 4), have: !first(value, 2) })
  }
  largest = Math.max(largest, blocks)
  changed.resolve()
  changed = Promise.withResolvers()
}

async function read (stream) {
  let held = Buffer.alloc(0)
  for await (const piece of stream.source) {
    held = Buffer.concat([held, piece.subarray()])
    for (;;) {
      const head = readVarint(held, 0)
      if (head === undefined || held.length < head[1] + head[0]) break
      take(held.subarray(head[1], head[1] + head[0]))
      held = held.subarray(head[1] + head[0])
    }
  }
}

async function until (condition, what) {
  const late = AbortSignal.timeout(120000)
  while (!condition()) {
    const waited = Promise.withResolvers()
    late.addEventListener('abort', () => waited.reject(new Error(`${what}: not in time`)), { once: true })
    await Promise.race([changed.promise, waited.promise])
  }
}
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

// --- streams -----------------------------------------------------------------

// A stream that is written to piece by piece.
async function open (node) {
  const stream = await node.dialProtocol(address, protocol)
  const pieces = []
  let more = Promise.withResolvers()
  let ended = false
  const broken = stream.sink((async function * () {
    for (;;) {
      while (pieces.length > 0) yield pieces.shift()
      if (ended) return
      await more.promise
      more = Promise.withResolvers()
    }
  })()).then(() => false, () => true)
  const done = read(stream).then(() => false, () => true)
  return {
    write (piece) { pieces.push(piece); more.resolve() },
    end () { ended = true; more.resolve() },
    broken: Promise.race([broken, done]).then(first => first || done)
  }
}

// --- proofs ------------------------------------------------------------------

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest()

function root (proof, digest) {
  let index = first(proof, 2) ?? 0
  let count = first(proof, 3)
  let node = digest
  let key = 1
  for (const [field, value] of fields(proof)) {
    if (field !== 4) continue
    const sibling = first(value, 1)
    if (index % 2 === 1) node = sha256(sibling, node, Buffer.from([key]))
    else if (index === count - 1) node = sha256(node, sibling, Buffer.from([key + 2]))
    else node = sha256(node, sibling, Buffer.from([key]))
    index >>= 1
    count = (count + 1) >> 1
    key = 0
  }
  return node
}

function check (delivery) {
  const cid = first(delivery, 1)
  const data = first(delivery, 2) ?? Buffer.alloc(0)
  const where = first(delivery, 3)
  if (!sha256(data).equals(cid.subarray(-32))) throw new Error('data has another hash')
  if (!first(where, 1)) return { cid, data }
  const proof = first(delivery, 4)
  if (!root(proof, cid.subarray(-32)).equals(tree.subarray(-32))) throw new Error('the proof leads elsewhere')
  if ((first(proof, 2) ?? 0) !== (first(where, 3) ?? 0)) throw new Error('the proof is of another leaf')
  return { index: first(where, 3) ?? 0, cid, data }
}

// --- the steps ---------------------------------------------------------------

async function made () {
  const node = await createLibp2p({
    privateKey: await generateKeyPair('secp256k1'),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [muxers[muxer]()],
    services: { identify: identify() }
  })
  await node.handle(protocol, ({ stream }) => { read(stream).catch(() => {}) })
  return node
}

const node = await made()
const stream = await open(node)
const range = (begin, count) => Array.from({ length: count }, (_, i) => begin + i)

// 1024 entries: those there are, and others.
stream.write(list(range(0, 1024).map(index => entry(leaf(index), have, { dontHave: 1 })), 1))
await until(() => presences.length === 1024, 'presences')
const there = presences.filter(one => one.have).map(one => one.index).sort((a, b) => a - b)
console.log(`there ${there.length} of 1024: ${there[0]} to ${there.at(-1)}`)

// All blocks at once, asked for one byte at a time.
for (const byte of list(range(0, leaves).map(index => entry(leaf(index), block)))) stream.write(Buffer.from([byte]))
await until(() => deliveries.length === leaves, 'blocks')
const blocks = deliveries.map(check).sort((a, b) => a.index - b.index)
if (blocks.some((one, i) => one.index !== i)) throw new Error('other blocks came')
writeFileSync(file, Buffer.concat(blocks.map(one => one.data)))
console.log(`blocks ${blocks.length}, at most ${largest} a message`)

// A plain block, and blocks that are absent.
const absent = Buffer.concat([blocks[0].cid.subarray(0, -32), sha256(Buffer.from('absent'))])
stream.write(list([entry(plain(blocks[1].cid), block), entry(plain(absent), have), entry(plain(absent), block),
  entry(leaf(leaves), block), entry(leaf(leaves + 1), block, { dontHave: 1 })]))
await until(() => deliveries.length === leaves + 1 && presences.length === 1025, 'absent blocks')
await pause(500)
if (!check(deliveries.at(-1)).data.equals(blocks[1].data)) throw new Error('another block came')
console.log(`absent ${presences.length - 1024}: ${presences.at(-1).have ? 'have' : 'dont have'} ${presences.at(-1).index - leaves}`)

// A flood of cancels of what nobody wants, and one of what was wanted: then all goes on as before.
for (let i = 0; i < 40; ++i) stream.write(list(range(i * 1024, 1024).map(index => entry(leaf(index), have, { cancel: 1 }))))
stream.write(list([entry(leaf(0), have)]))
await until(() => presences.length === 1026, 'an answer after the flood')
console.log('flood')

// What is no message, and a length that nobody may have: they cost their streams alone.
for (const wrong of [Buffer.from([5, 0xff, 0xff, 0xff, 0xff, 0xff]), varint(104857601), list([entry(leaf(0), 7)])]) {
  const bad = await open(node)
  bad.write(wrong)
  if (!await bad.broken) throw new Error('the stream went on')
}
stream.write(list([entry(leaf(0), have)]))
await until(() => presences.length === 1027, 'an answer after garbage')
console.log('garbage')

// Two more streams, with messages that are cut and mixed.
const [a, b] = [await open(node), await open(node)]
const question = list([entry(leaf(1), have)])
for (const part of [question.subarray(0, 9), question.subarray(9)]) {
  a.write(part)
  b.write(part)
  await pause(50)
}
await until(() => presences.length === 1029, 'answers to two streams')
console.log('streams')
await node.stop()
