// Block exchange by hand (codex-exchange(7)) on js-libp2p, for the peers of the other files.
import { createHash } from 'node:crypto'

export const protocol = '/codex/blockexc/1.0.0'
export const blockBytes = 65536
export const mostMessageBytes = 104857600

export const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest()
export const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
export const range = (begin, count) => Array.from({ length: count }, (_, i) => begin + i)

// --- numbers and fields ------------------------------------------------------

export function varint (number) {
  const bytes = []
  for (; number >= 128; number = Math.floor(number / 128)) bytes.push(number % 128 + 128)
  return Buffer.from([...bytes, number])
}
export const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)])
export const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value])
export const framed = message => Buffer.concat([varint(message.length), message])

export function readVarint (from, at) {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    if (at >= from.length) return undefined
    const byte = from[at++]
    value += (byte & 127) * scale
    if (byte < 128) return [value, at]
  }
}

// The fields of a message: [number, value] in their order.
export function * fields (message) {
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
export const first = (message, field) => [...fields(message)].find(([found]) => found === field)?.[1]
const all = (message, field) => [...fields(message)].filter(([found]) => found === field).map(([, value]) => value)

// --- messages ----------------------------------------------------------------

export const [block, have] = [0, 1]
const none = Buffer.alloc(0)
const rest = Buffer.concat([number(5, 0), bytes(6, bytes(1, none)), bytes(7, bytes(1, none))])

// An address is { tree, index } of a leaf, or { cid }.
export const writeAddress = ({ tree, index, cid }) => tree !== undefined
  ? Buffer.concat([number(1, 1), bytes(2, tree), number(3, index)])
  : Buffer.concat([number(1, 0), bytes(4, cid)])
export const keyOf = address => writeAddress(address).toString('hex')

const writeEntry = ({ address, cancel = 0, type = block, dontHave = 0, priority = 0 }) => bytes(1, Buffer.concat([
  bytes(1, writeAddress(address)), number(2, priority), number(3, cancel), number(4, type), number(5, dontHave)]))
const writeDelivery = ({ cid, data, address, proof }) => bytes(3, Buffer.concat([
  bytes(1, cid), bytes(2, data), bytes(3, writeAddress(address)), ...(proof === undefined ? [] : [bytes(4, proof)])]))
const writePresence = ({ address, type }) => bytes(4, Buffer.concat([
  bytes(1, writeAddress(address)), number(2, type), bytes(3, Buffer.alloc(32))]))

// As the reference writes it, every field, and also those that say nothing.
export const writeMessage = ({ wants = [], full = 0, deliveries = [], presences = [] }) => Buffer.concat([
  bytes(1, Buffer.concat([...wants.map(writeEntry), number(2, full)])),
  ...deliveries.map(writeDelivery), ...presences.map(writePresence), rest])

const flag = (value = 0) => {
  if (value > 1) throw new Error(`a flag is ${value}`)
  return value
}
function readAddress (from) {
  const address = flag(first(from, 1)) ? { tree: first(from, 2), index: first(from, 3) ?? 0 } : { cid: first(from, 4) }
  if ((address.index ?? 0) > 2 ** 63) throw new Error('an index is beyond 2^63')
  return address
}
function readEntry (from) {
  const entry = {
    address: readAddress(first(from, 1)),
    priority: first(from, 2) ?? 0,
    cancel: flag(first(from, 3)),
    type: flag(first(from, 4)),
    dontHave: flag(first(from, 5))
  }
  if (entry.priority >= 2 ** 31) throw new Error('a priority is beyond 2^31')
  return entry
}

// A message; an error where the reference would end by it.
export function readMessage (from) {
  const list = first(from, 1) ?? none
  return {
    wants: all(list, 1).map(readEntry),
    full: flag(first(list, 2)),
    deliveries: all(from, 3).map(one => ({
      cid: first(one, 1), data: first(one, 2) ?? none, address: readAddress(first(one, 3)), proof: first(one, 4)
    })),
    presences: all(from, 4).map(one => ({ address: readAddress(first(one, 1)), type: flag(first(one, 2)) }))
  }
}

// The same, of a message that must be what the reference would have written.
export function readExactMessage (from) {
  const message = readMessage(from)
  const written = writeMessage(message)
  if (!written.equals(from)) throw new Error(`the reference writes ${written.subarray(0, 200).toString('hex')}, and this is ${from.subarray(0, 200).toString('hex')}`)
  return message
}

// --- trees (codex-tree(5)) ---------------------------------------------------

const node = (a, b, key) => sha256(a, b, Buffer.from([key]))
const zero = Buffer.alloc(32)

export class Tree {
  constructor (leaves) {
    this.layers = [leaves]
    do {
      const below = this.layers.at(-1)
      const bottom = this.layers.length === 1 ? 1 : 0
      this.layers.push(range(0, Math.ceil(below.length / 2)).map(i => 2 * i + 1 < below.length
        ? node(below[2 * i], below[2 * i + 1], bottom)
        : node(below[2 * i], zero, bottom + 2)))
    } while (this.layers.at(-1).length > 1)
  }

  get root () { return this.layers.at(-1)[0] }

  path (index) {
    return this.layers.slice(0, -1).map((layer, depth) => layer[(index >> depth) ^ 1] ?? zero)
  }

  proof (index, path = this.path(index)) {
    return Buffer.concat([number(1, 0x12), number(2, index), number(3, this.layers[0].length),
      ...path.map(sibling => bytes(4, bytes(1, sibling)))])
  }
}

// The root that a proof leads to from the digest of a leaf.
export function rootOf (proof, digest) {
  let index = first(proof, 2) ?? 0
  let count = first(proof, 3)
  let at = digest
  let key = 1
  for (const [field, value] of fields(proof)) {
    if (field !== 4) continue
    const sibling = first(value, 1)
    if (index % 2 === 1) at = node(sibling, at, key)
    else if (index === count - 1) at = node(at, sibling, key + 2)
    else at = node(at, sibling, key)
    index >>= 1
    count = (count + 1) >> 1
    key = 0
  }
  return at
}

const cid = (codec, digest) => Buffer.concat([Buffer.from([1]), varint(codec), Buffer.from([0x12, 0x20]), digest])
export const blockCid = digest => cid(0xcd02, digest)
export const treeCid = digest => cid(0xcd03, digest)
export const manifestCid = digest => cid(0xcd01, digest)

// A file as blocks and their tree.
export class Dataset {
  constructor (content) {
    this.blocks = range(0, Math.ceil(content.length / blockBytes)).map(i => {
      const data = Buffer.alloc(blockBytes)
      content.copy(data, 0, i * blockBytes)
      return data
    })
    this.digests = this.blocks.map(data => sha256(data))
    this.hashes = new Tree(this.digests)
    this.tree = treeCid(this.hashes.root)
  }

  delivery (index) {
    return {
      cid: blockCid(this.digests[index]),
      data: this.blocks[index],
      address: { tree: this.tree, index },
      proof: this.hashes.proof(index)
    }
  }
}

// What is wrong with a delivery is thrown.
export function check ({ cid, data, address, proof }) {
  if (!sha256(data).equals(cid.subarray(-32))) throw new Error('data has another hash')
  if (address.tree === undefined) {
    if (!cid.equals(address.cid)) throw new Error('another block came')
    return
  }
  if (!rootOf(proof, cid.subarray(-32)).equals(address.tree.subarray(-32))) throw new Error('the proof leads elsewhere')
  if ((first(proof, 2) ?? 0) !== address.index) throw new Error('the proof is of another leaf')
}

// --- streams ----------------------------------------------------------------

// Calls `take` for each message of a stream, whole and as bytes.
export async function readMessages (stream, take) {
  let held = []
  let size = 0
  for await (const piece of stream.source) {
    held.push(Buffer.from(piece.subarray()))
    size += held.at(-1).length
    for (;;) {
      const head = readVarint(held[0], 0)
      if (head === undefined ? held.length < 2 : size < head[1] + head[0]) break
      const joined = Buffer.concat(held)
      if (head === undefined) {
        held = [joined]
        continue
      }
      const end = head[1] + head[0]
      take(joined.subarray(head[1], end))
      held = [joined.subarray(end)]
      size -= end
    }
  }
}

// A stream that is written to piece by piece.
export class Writer {
  #pieces = []
  #more = Promise.withResolvers()
  #taken = Promise.withResolvers()
  #ended = false

  constructor (stream) {
    // True when it ends before it was told to.
    this.broken = stream.sink(this.#run()).then(() => !this.#ended, () => true)
    this.broken.then(() => this.#taken.resolve())
  }

  async * #run () {
    for (;;) {
      while (this.#pieces.length > 0) yield this.#pieces.shift()
      this.#taken.resolve()
      if (this.#ended) return
      await this.#more.promise
      this.#more = Promise.withResolvers()
    }
  }

  // Is through when the stream has taken the piece, or is at its end.
  write (piece) {
    this.#taken = Promise.withResolvers()
    this.#pieces.push(piece)
    this.#more.resolve()
    return this.#taken.promise
  }

  end () {
    this.#ended = true
    this.#more.resolve()
  }
}

// A condition that is waited for: notify() lets until() look again.
export class Waiting {
  #changed = Promise.withResolvers()

  notify () {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async until (condition, what) {
    const late = Promise.withResolvers()
    const timer = setTimeout(() => late.reject(new Error(`${what}: not in time`)), 120000)
    try {
      while (!condition()) await Promise.race([this.#changed.promise, late.promise])
    } finally { clearTimeout(timer) }
  }
}
