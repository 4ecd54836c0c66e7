// Peers of a node of the DHT that break its rules: forged and repeated handshakes, fields of other lengths, garbage, floods.
//   node dht-rude.mjs SPR
// A line for each step after which the node was as before: whoever keeps to the rules is answered, nobody else is.
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { Key, bodies, bytes, challenge, hex, makeDatagram, makeHeader, makeMessage, number, ordinary, sealRecord, udp } from './dht-wire.mjs'
import { Peer, contact } from './dht-node.mjs'

const spr = process.argv[2]
const node = contact(spr)
const good = await Peer.make()
await good.ping(node)
const ping = () => makeMessage('ping', randomBytes(8), bodies.ping(1))

// What came to `peer` by the time that the node has answered another one, who asked later: all that it says to what was said before.
async function heardBy (peer, since = 0) {
  await good.ping(node)
  await new Promise(resolve => setImmediate(resolve))
  return peer.packets.slice(since)
}

// --- whoever has proved nothing ------------------------------------------------------------

// Gets a challenge at the most, and no more bytes than he has sent; and one challenge at a time.
for (const size of [0, 8, 15, 16, 20, 100, 1200, 9000, 60000]) {
  const stranger = await Peer.make()
  stranger.hook = () => true
  let rounds = 0
  const calls = () => {
    ++rounds
    for (let i = 0; i < 2; ++i) stranger.call(node, ping(), { size })
  }
  calls()
  if (size >= 16) await stranger.until(() => stranger.packets.length, 'challenge', { again: calls })
  const packets = await heardBy(stranger)
  assert(packets.every(({ packet: { flag } }) => flag === challenge))
  assert(packets.length <= (size < 16 ? 0 : rounds), `${packets.length} challenges of packets with ${size} bytes`)
  assert(stranger.bytesIn <= stranger.bytesOut / 2)
  await stranger.close()
}
console.log('strangers')

// --- handshakes --------------------------------------------------------------------------------

// A challenge, taken by hand; one that stands from before is over in half a second.
async function challenged (peer) {
  let found
  peer.hook = packet => {
    found = packet.flag === challenge ? packet : undefined
    return true
  }
  peer.call(node, ping())
  await peer.until(() => found, 'challenge', { again: () => peer.call(node, ping()) })
  peer.hook = ({ flag }) => flag === challenge // which is answered by hand, too
  return found
}

const liar = await Peer.make()
const stranger = new Key()
const elsewhere = await Peer.make()
const broken = Buffer.from(liar.record)
broken[broken.length - 1] ^= 1
const wrong = [
  { signer: stranger }, { signature: Buffer.alloc(0) }, { signature: randomBytes(71) }, { signatureSize: 255 }, { keySize: 255 },
  { record: broken }, { record: Buffer.alloc(0) }, { record: elsewhere.record }, { record: randomBytes(150) }, { record: liar.record.subarray(0, 90) },
  { record: sealRecord(stranger, 9, [udp(liar.at)], { peer: liar.key.peer }) }, { ephemeral: Buffer.alloc(37) }, { ephemeral: Buffer.alloc(0) },
  { ephemeral: liar.key.compressed }, { ephemeral: Buffer.concat([hex('08021221'), Buffer.alloc(33, 5)]) }
]
// One in which anything is wrong, or that comes from elsewhere, changes nothing: the challenge stands, and the right answer is taken.
for (const more of wrong) {
  liar.sessions.clear()
  const packet = await challenged(liar)
  const since = liar.packets.length
  const request = ping()
  liar.send(liar.makeHandshake(packet, node, request, more).datagram, node.at)
  elsewhere.send(liar.makeHandshake(packet, node, request).datagram, node.at)
  assert.deepEqual(await heardBy(liar, since), [], JSON.stringify(more))
  assert.deepEqual(elsewhere.packets, [])
}
console.log('forged handshakes')

// Each byte of one counts, and so does each packet: what is repeated is not heard again.
liar.sessions.clear()
const packet = await challenged(liar)
const since = liar.packets.length
const { keys, datagram } = liar.makeHandshake(packet, node, ping())
for (let at = 0; at < datagram.length; at += 7) {
  const changed = Buffer.from(datagram)
  changed[at] ^= 1
  liar.send(changed, node.at)
}
for (let size = 0; size < datagram.length; size += 11) liar.send(datagram.subarray(0, size), node.at)
assert.deepEqual(await heardBy(liar, since), [])
liar.putSession(node.id, { read: keys.recipient, write: keys.initiator })
liar.hook = () => false
liar.send(datagram, node.at)
await liar.until(() => liar.heard('pong').length, 'answer to the right handshake')
for (let i = 0; i < 3; ++i) liar.send(datagram, node.at)
await heardBy(liar)
assert.equal(liar.heard('pong').length, 1)
await liar.ping(node)
console.log('changed and repeated handshakes')

// A challenge of a packet that was never sent, or that comes from elsewhere than that went, is not answered.
let asked
good.reply = message => {
  asked ??= message.packet.nonce
  return good.usualReply(message)
}
await good.until(() => asked, 'request of the node', { seconds: 120 })
const fake = nonce => {
  const header = makeHeader(randomBytes(16), challenge, nonce, Buffer.concat([randomBytes(16), Buffer.alloc(8)]))
  return makeDatagram(node.id, header, Buffer.alloc(0))
}
for (const one of [elsewhere, liar]) {
  const before = one.packets.length
  one.send(fake(asked), node.at)
  one.send(fake(randomBytes(12)), node.at)
  assert((await heardBy(one, before)).every(({ packet: { flag } }) => flag === ordinary))
}
console.log('challenges that answer nothing')

// --- messages -----------------------------------------------------------------------------------

const id = randomBytes(32)
const message = (kind, body, requestId = randomBytes(8)) => makeMessage(kind, requestId, body)
const ip = (family, address) => bytes(2, Buffer.concat([bytes(1, family), bytes(2, address)]))
const malformed = [
  Buffer.alloc(0), hex('01'), hex('03'), hex('010a0101'), hex('0112020801'), message('ping', Buffer.alloc(0)),
  message('ping', bodies.ping(1), randomBytes(9)), message('ping', bodies.ping(1), randomBytes(60)), message('ping', hex('08')),
  message('ping', hex('08ffffffffffffffffffff01')), message('ping', hex('0a01')), message('ping', hex('0f')),
  message('findNode', Buffer.alloc(0)), message('findNode', bytes(1, hex('01'))), message('findNode', bytes(1, hex('000001'))),
  message('findNode', Buffer.concat([bodies.findNode([1]), bytes(1, hex(''))])), message('findNode', number(1, 256)),
  message('findNode', bodies.findNode(Array(258).fill(1))), message('findNode', bodies.findNode(Array(15000).fill(0))),
  message('findNodeFast', bytes(1, id.subarray(1))), message('findNodeFast', bytes(1, Buffer.alloc(33))), message('findNodeFast', Buffer.alloc(0)),
  message('getProviders', bytes(1, id.subarray(1))), message('getProviders', bytes(1, Buffer.alloc(33))), message('getProviders', Buffer.alloc(0)),
  message('addProvider', bytes(1, id)), message('addProvider', bytes(2, good.record)),
  message('addProvider', Buffer.concat([bytes(1, id.subarray(1)), bytes(2, good.record)])),
  message('talkReq', bytes(1, Buffer.from('echo'))), message('talkReq', bytes(2, Buffer.from('hi'))), message('talkReq', Buffer.alloc(0)),
  // Answers to nothing, whole and not.
  message('pong', bodies.pong(1, good.at)), message('pong', Buffer.concat([number(1, 1), ip(hex('01'), hex('7f0000')), bytes(3, hex('0001'))])),
  message('pong', Buffer.concat([number(1, 1), ip(hex('0101'), hex('7f000001')), bytes(3, hex('0001'))])),
  message('pong', Buffer.concat([number(1, 1), ip(hex('02'), hex('7f000001')), bytes(3, hex('0001'))])),
  message('pong', Buffer.concat([number(1, 1), ip(hex('01'), hex('7f000001')), bytes(3, hex('01'))])),
  message('nodes', bodies.nodes(1, [good.record])), message('nodes', bodies.nodes(0, [])), message('nodes', bodies.nodes(2n ** 64n - 1n, [])),
  message('nodes', bodies.nodes(1, Array(300).fill(good.record))), message('nodes', bytes(2, good.record)),
  message('nodes', bodies.nodes(1, [randomBytes(50)])),
  message('providers', bodies.providers(1, [good.record])), message('talkResp', bodies.talkResp(randomBytes(1000))),
  // Kinds that nobody speaks.
  ...[0x00, 0x07, 0x08, 0x09, 0x0a, 0x0e, 0x7f, 0x82, 0x84, 0xff].map(kind => message(kind, number(1, 1)))
]
const whole = [message('ping', bodies.ping(300)), message('findNode', bodies.findNode([256])), message('getProviders', bodies.getProviders(id)),
  message('talkReq', bodies.talkReq(Buffer.from('echo'), Buffer.from('hi')))]
for (const one of whole) for (let size = 0; size < one.length; ++size) malformed.push(one.subarray(0, size))
const speaker = await Peer.make()
await speaker.ping(node)
for (const plain of malformed) {
  speaker.say(node, plain)
  if (speaker.packets.length % 50 === 0) await good.ping(node)
}
const said = await heardBy(speaker)
const answered = speaker.messages.filter(({ kind }) => ['pong', 'nodes', 'providers', 'talkResp'].includes(kind))
assert.deepEqual(answered.map(({ kind }) => kind), [])
assert(said.every(({ packet: { flag } }) => flag !== challenge) || said.filter(({ packet: { flag } }) => flag === challenge).length === 1)
await speaker.ping(node)
// Fields that are not known are passed over.
const later = message('ping', Buffer.concat([bodies.ping(1), bytes(9, randomBytes(10))]))
speaker.say(node, Buffer.concat([later, number(3, 1)]))
await speaker.until(() => speaker.heard('pong').length === 1, 'answer to a message with more fields')
console.log('messages')

// --- garbage and floods ------------------------------------------------------------------------------

// What could be packets of somebody is challenged, and the rest passed over.
const noise = await Peer.make()
noise.deaf = true
for (let size = 0; size < 200; size += 3) noise.send(randomBytes(size), node.at)
for (const size of [1280, 9000, 65507]) noise.send(randomBytes(size), node.at)
for (let size = 0; size < 64; ++size) {
  const header = makeHeader(randomBytes(16), size % 4, randomBytes(12), randomBytes(size))
  noise.send(makeDatagram(node.id, header, randomBytes(size)), node.at)
  header.writeUInt16BE(65535, 16 + 21)
  noise.send(makeDatagram(node.id, header, randomBytes(size)), node.at)
}
await heardBy(noise)
assert(noise.sizes.every(size => size === 63) && noise.sizes.length <= 2)
console.log('garbage')

// 30000 datagrams as fast as they go, in as many names: who is at another address is answered meanwhile, in time.
const flood = await Peer.make({ address: '127.0.0.2' })
flood.deaf = true
let flooding = true
const pouring = (async () => {
  for (let i = 0; i < 30000; ++i) {
    flood.call(node, Buffer.alloc(0), { from: randomBytes(32) })
    if (i % 100 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  flooding = false
})()
const began = Date.now()
const took = []
while (flooding || took.length < 5) {
  const asks = Date.now()
  await good.ping(node)
  took.push(Date.now() - asks)
}
await pouring
await good.ping(node)
const seconds = (Date.now() - began) / 1000
assert(Math.max(...took) < 10000, `an answer after ${Math.max(...took)} ms`)
assert(flood.sizes.length > 0 && flood.sizes.length < 2000 + 1000 * (seconds + 2), `${flood.sizes.length} answers in ${seconds} s`)
assert(flood.sizes.every(size => size === 63))
console.log('a flood')

for (const one of [good, liar, elsewhere, speaker, noise, flood]) await one.close()
