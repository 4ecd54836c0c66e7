// What nodes of the DHT put on the wire, written from codex-dht(7) and codex-libp2p(7) with node's own crypto, and apart
// from the code that it tests: ids, records, packets, keys, messages.
import {
  ECDH, createCipheriv, createDecipheriv, createECDH, createHash, createPrivateKey, createPublicKey, hkdfSync, sign,
  verify as verifySignature
} from 'node:crypto'

export const hex = text => Buffer.from(text, 'hex')
export const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest()

// --- Keccak-256 ----------------------------------------------------------------

const mask64 = (1n << 64n) - 1n
const rotate = (lane, by) => by === 0n ? lane : ((lane << by) | (lane >> (64n - by))) & mask64

function permute (a) {
  let bits = 1n
  for (let round = 0; round < 24; ++round) {
    const c = [0, 1, 2, 3, 4].map(x => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20])
    for (let i = 0; i < 25; ++i) a[i] ^= c[(i + 4) % 5] ^ rotate(c[(i + 1) % 5], 1n)
    const b = [a[0]]
    for (let x = 1, y = 0, t = 1n; t <= 24n; ++t) {
      const [nextX, nextY] = [y, (2 * x + 3 * y) % 5]
      b[nextX + 5 * nextY] = rotate(a[x + 5 * y], t * (t + 1n) / 2n % 64n)
      ;[x, y] = [nextX, nextY]
    }
    for (let i = 0; i < 25; ++i) {
      const row = i - i % 5
      a[i] = b[i] ^ (~b[row + (i + 1) % 5] & mask64 & b[row + (i + 2) % 5])
    }
    for (let i = 0n; i < 7n; ++i) {
      if (bits & 1n) a[0] ^= 1n << ((1n << i) - 1n)
      bits = (bits << 1n) ^ ((bits >> 7n) * 0x171n)
    }
  }
}

export function keccak256 (bytes) {
  const padded = Buffer.concat([bytes, Buffer.alloc(136 - bytes.length % 136)])
  padded[bytes.length] ^= 1
  padded[padded.length - 1] ^= 0x80
  const state = Array(25).fill(0n)
  for (let at = 0; at < padded.length; at += 136) {
    for (let i = 0; i < 17; ++i) state[i] ^= padded.readBigUInt64LE(at + 8 * i)
    permute(state)
  }
  const out = Buffer.alloc(32)
  for (let i = 0; i < 4; ++i) out.writeBigUInt64LE(state[i], 8 * i)
  return out
}

// How many bits two ids have from the first that differs on.
export function distance (a, b) {
  const xor = BigInt('0x' + a.toString('hex')) ^ BigInt('0x' + b.toString('hex'))
  return xor === 0n ? 0 : xor.toString(2).length
}

// --- protobuf --------------------------------------------------------------------

export function varint (value) {
  const out = []
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...out, Number(rest)])
    out.push(Number(rest & 0x7fn) | 0x80)
  }
}
export const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)])
export const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value])

// The fields of a message, each a list of what came: numbers as BigInt, bytes as buffers.
export function fields (message) {
  const found = {}
  let at = 0
  const read = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      if (at >= message.length || shift > 63n) throw new Error('a varint without an end')
      const byte = message[at++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = Number(read())
    let value = read()
    if (tag % 8 === 2) {
      const size = Number(value)
      if (at + size > message.length) throw new Error('a field is longer than its message')
      value = message.subarray(at, at += size)
    } else if (tag % 8 !== 0) throw new Error(`wire type ${tag % 8}`)
    ;(found[tag >> 3] ??= []).push(value)
  }
  return found
}

// --- secp256k1 ---------------------------------------------------------------------

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const field = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn
const toNumber = buffer => BigInt('0x' + buffer.toString('hex'))
const toBuffer = value => hex(value.toString(16).padStart(64, '0'))

const point = compressed => ECDH.convertKey(compressed, 'secp256k1', undefined, undefined, 'uncompressed')
const jwk = (compressed, secret) => {
  const whole = point(compressed)
  const part = (from, to) => whole.subarray(from, to).toString('base64url')
  return { kty: 'EC', crv: 'secp256k1', x: part(1, 33), y: part(33, 65), ...(secret && { d: secret.toString('base64url') }) }
}

export class Key {
  constructor (secret) {
    const pair = createECDH('secp256k1')
    if (secret) pair.setPrivateKey(secret)
    else pair.generateKeys()
    this.secret = toBuffer(toNumber(pair.getPrivateKey()))
    this.compressed = pair.getPublicKey(null, 'compressed')
    this.encoded = encodeKey(this.compressed)
    this.peer = peerId(this.encoded)
    this.id = keccak256(this.peer)
    this.private = createPrivateKey({ key: jwk(this.compressed, this.secret), format: 'jwk' })
  }

  // In DER, over the SHA-256 of what is signed, with the lower of the two numbers that would do.
  sign (message) {
    const both = sign('sha256', message, { key: this.private, dsaEncoding: 'ieee-p1363' })
    const r = toNumber(both.subarray(0, 32))
    let s = toNumber(both.subarray(32))
    if (s > order / 2n) s = order - s
    const integer = value => {
      const digits = value.toString(16)
      let content = hex(digits.padStart(digits.length + digits.length % 2, '0'))
      if (content[0] & 0x80) content = Buffer.concat([Buffer.alloc(1), content])
      return Buffer.concat([Buffer.from([2, content.length]), content])
    }
    const content = Buffer.concat([integer(r), integer(s)])
    return Buffer.concat([Buffer.from([0x30, content.length]), content])
  }

  // The point that is the product of this secret and that other key, compressed. What ECDH gives is its first coordinate,
  // of the two points that have it the product with a secret that is one more, less the other key, is the right one.
  agree (compressed) {
    const pair = createECDH('secp256k1')
    pair.setPrivateKey(this.secret)
    const x = pair.computeSecret(compressed)
    pair.setPrivateKey(toBuffer((toNumber(this.secret) + 1n) % order))
    const next = pair.computeSecret(compressed)
    const other = point(compressed)
    for (const parity of [2, 3]) {
      const candidate = point(Buffer.concat([Buffer.from([parity]), x]))
      if (toBuffer(sumX(candidate, other)).equals(next)) return Buffer.concat([Buffer.from([parity]), x])
    }
    throw new Error('no such point')
  }
}

function power (base, exponent) {
  let result = 1n
  for (let b = base % field, e = exponent; e > 0n; e >>= 1n, b = b * b % field) if (e & 1n) result = result * b % field
  return result
}

// The first coordinate of the sum of two points that are neither equal nor opposite.
function sumX (a, b) {
  const [x1, y1, x2, y2] = [a.subarray(1, 33), a.subarray(33), b.subarray(1, 33), b.subarray(33)].map(toNumber)
  const slope = (y2 - y1 + field) * power((x2 - x1 + field) % field, field - 2n) % field
  return ((slope * slope - x1 - x2) % field + 2n * field) % field
}

export const verify = (compressed, message, signature) =>
  verifySignature('sha256', message, { key: createPublicKey({ key: jwk(compressed), format: 'jwk' }), dsaEncoding: 'der' }, signature)

export const encodeKey = compressed => Buffer.concat([hex('08021221'), compressed])
export function decodeKey (encoded) {
  if (encoded.length !== 37 || !encoded.subarray(0, 4).equals(hex('08021221'))) throw new Error('no key of secp256k1')
  return encoded.subarray(4)
}
export const peerId = encoded => Buffer.concat([hex('0025'), encoded])

// --- records -------------------------------------------------------------------------

const domain = Buffer.from('libp2p-peer-record')
const recordType = hex('0301')
const prefixed = part => Buffer.concat([varint(part.length), part])
const signedOf = payload => Buffer.concat([domain, recordType, payload].map(prefixed))

export const udp = ({ address, port }) => Buffer.concat([hex('04'), Buffer.from(address.split('.').map(Number)), hex('9102'), port16(port)])
export const tcp = ({ address, port }) => Buffer.concat([hex('04'), Buffer.from(address.split('.').map(Number)), hex('06'), port16(port)])
export const port16 = port => Buffer.from([port >> 8, port & 0xff])

// `more` replaces parts, for records that are wrong.
export function sealRecord (key, sequence, addresses, more = {}) {
  const payload = Buffer.concat([bytes(1, more.peer ?? key.peer), number(2, sequence), ...addresses.map(one => bytes(3, bytes(1, one)))])
  const signature = more.signature ?? key.sign(signedOf(payload))
  return Buffer.concat([bytes(1, more.key ?? key.encoded), bytes(2, more.type ?? recordType), bytes(3, payload), bytes(5, signature)])
}

export function openRecord (envelope) {
  const { 1: [key], 2: [type], 3: [payload], 5: [signature] } = fields(envelope)
  const compressed = decodeKey(key)
  if (!type.equals(recordType)) throw new Error('no record of a peer')
  if (!verify(compressed, signedOf(payload), signature)) throw new Error('a record with a wrong signature')
  const { 1: [peer], 2: [sequence], 3: addresses = [] } = fields(payload)
  if (!peer.equals(peerId(key))) throw new Error('a record about somebody else')
  return { envelope, compressed, peer, id: keccak256(peer), sequence, addresses: addresses.map(one => fields(one)[1][0]) }
}

export const sprText = envelope => 'spr:' + envelope.toString('base64url')
export const sprBytes = text => Buffer.from(text.slice(4), 'base64url')

// The first /ip4/../udp/.. of a record.
export function whereIs (record) {
  const found = record.addresses.find(one => one.length === 9 && one[0] === 4 && one.readUInt16BE(5) === 0x9102)
  if (!found) throw new Error('a record without an address')
  return { address: [...found.subarray(1, 5)].join('.'), port: found.readUInt16BE(7) }
}

// --- packets ---------------------------------------------------------------------------

export const ordinary = 0
export const challenge = 1
export const handshake = 2

function masked (to, iv, header) {
  const cipher = createCipheriv('aes-128-ctr', to.subarray(0, 16), iv)
  return Buffer.concat([cipher.update(header), cipher.final()])
}

export function makeHeader (iv, flag, nonce, authdata) {
  return Buffer.concat([iv, Buffer.from('discv5'), hex('0001'), Buffer.from([flag]), nonce, port16(authdata.length), authdata])
}

// `header` is the masking IV, and what is behind it in the clear.
export const makeDatagram = (to, header, message) =>
  Buffer.concat([header.subarray(0, 16), masked(to, header.subarray(0, 16), header.subarray(16)), message])

export function openDatagram (own, datagram) {
  if (datagram.length < 63) throw new Error(`a datagram of ${datagram.length} bytes`)
  const iv = datagram.subarray(0, 16)
  const clear = masked(own, iv, datagram.subarray(16))
  if (!clear.subarray(0, 8).equals(Buffer.concat([Buffer.from('discv5'), hex('0001')]))) throw new Error('no packet for this node')
  const size = 23 + clear.readUInt16BE(21)
  const authdata = clear.subarray(23, size)
  const packet = {
    flag: clear[8], nonce: clear.subarray(9, 21), header: Buffer.concat([iv, clear.subarray(0, size)]),
    message: datagram.subarray(16 + size), size: datagram.length
  }
  if (packet.flag === challenge) {
    if (authdata.length !== 24 || packet.message.length) throw new Error('a challenge of another form')
    return { ...packet, idNonce: authdata.subarray(0, 16), sequence: authdata.readBigUInt64BE(16) }
  }
  packet.from = authdata.subarray(0, 32)
  if (packet.flag === handshake) {
    const [signature, key] = [authdata[32], authdata[33]]
    packet.signature = authdata.subarray(34, 34 + signature)
    packet.ephemeral = authdata.subarray(34 + signature, 34 + signature + key)
    packet.record = authdata.subarray(34 + signature + key)
  } else if (packet.flag !== ordinary || authdata.length !== 32) throw new Error('a packet of another form')
  return packet
}

export function seal (key, nonce, header, plain) {
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  cipher.setAAD(header)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

// The message of a packet; nothing, where this is not the key.
export function open (key, packet) {
  const { message } = packet
  if (message.length < 16) return undefined
  const cipher = createDecipheriv('aes-128-gcm', key, packet.nonce)
  cipher.setAAD(packet.header)
  cipher.setAuthTag(message.subarray(-16))
  try {
    return Buffer.concat([cipher.update(message.subarray(0, -16)), cipher.final()])
  } catch {
    return undefined
  }
}

export function agreeOnKeys (own, compressed, initiator, recipient, challengeData) {
  const info = Buffer.concat([Buffer.from('discovery v5 key agreement'), initiator, recipient])
  const both = Buffer.from(hkdfSync('sha256', own.agree(compressed), challengeData, info, 32))
  return { initiator: both.subarray(0, 16), recipient: both.subarray(16) }
}

export const proofOf = (challengeData, ephemeral, recipient) =>
  sha256(Buffer.from('discovery v5 identity proof'), challengeData, ephemeral, recipient)

// --- messages ------------------------------------------------------------------------------

export const kinds = {
  ping: 0x01, pong: 0x02, findNode: 0x03, nodes: 0x04, talkReq: 0x05, talkResp: 0x06, addProvider: 0x0b, getProviders: 0x0c,
  providers: 0x0d, findNodeFast: 0x83
}
const nameOf = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [kind, name]))

export const makeMessage = (kind, requestId, body) =>
  Buffer.concat([Buffer.from([kinds[kind] ?? kind]), bytes(1, requestId), bytes(2, body)])

export function readMessage (plain) {
  const { 1: [requestId], 2: [body] } = fields(plain.subarray(1))
  return { kind: nameOf[plain[0]] ?? plain[0], requestId, body: fields(body) }
}

export const bodies = {
  ping: sequence => number(1, sequence),
  pong: (sequence, { address, port }) => Buffer.concat([number(1, sequence),
    bytes(2, Buffer.concat([bytes(1, hex('01')), bytes(2, Buffer.from(address.split('.').map(Number)))])), bytes(3, port16(port))]),
  findNode: distances => Buffer.concat(distances.map(one => bytes(1, port16(one)))),
  findNodeFast: target => bytes(1, target),
  nodes: (total, records) => Buffer.concat([number(1, total), ...records.map(one => bytes(2, one))]),
  talkReq: (protocol, request) => Buffer.concat([bytes(1, protocol), bytes(2, request)]),
  talkResp: response => bytes(2, response),
  addProvider: (id, record) => Buffer.concat([bytes(1, id), bytes(2, record)]),
  getProviders: id => bytes(1, id)
}
bodies.providers = bodies.nodes
