// Peers of a node of the DHT that know its protocol from codex-dht(7) alone:
//   node dht-peer.mjs SPR
// say each kind of message to the node of that record, and are told of nodes and tell of them in several datagrams; a line for
// each step that went as it should.
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { Key, bodies, challenge, distance, makeMessage, openRecord, port16, sealRecord, sprBytes, tcp } from './dht-wire.mjs'
import { Peer, contact } from './dht-node.mjs'

const spr = process.argv[2]
const node = contact(spr)
const records = parts => parts.flatMap(part => part.body[2] ?? [])

function checkTrain (parts) {
  for (const { kind, body, packet } of parts) {
    assert.equal(kind, 'nodes')
    assert.equal(Number(body[1][0]), parts.length)
    assert(packet.size <= 1200, `a datagram of ${packet.size} bytes`)
  }
}

// --- first contact ----------------------------------------------------------------

const peer = await Peer.make({ sequence: 5 })
// Whom it has learned of it asks for others. An answer says that it has four parts, and three come, the last of them first. Some
// of what they tell is signed by nobody, about the teller, or not at the distances asked for.
const told = await Promise.all(Array.from({ length: 30 }, () => Peer.make()))
const forged = await Peer.make()
const invalid = Buffer.from(forged.record)
invalid[invalid.length - 1] ^= 1
peer.reply = message => {
  if (message.kind !== 'findNode') return peer.usualReply(message)
  const wanted = message.body[1].map(one => one.readUInt16BE())
  const fits = one => wanted.includes(distance(one.id, peer.id))
  const fit = told.filter(fits).map(one => one.record)
  const unfit = told.filter(one => !fits(one)).map(one => one.record)
  const parts = [fit.slice(0, 3), fit.slice(3, 6), [...fit.slice(6, 9), invalid, peer.record, ...unfit.slice(0, 1)]]
  return parts.reverse().map(some => ['nodes', bodies.nodes(4, some)])
}

const pong = await peer.ping(node)
assert.equal(pong[1][0], openRecord(sprBytes(spr)).sequence)
const seen = Buffer.concat([Buffer.from([0x0a, 1, 1, 0x12, 4]), Buffer.from(peer.at.address.split('.').map(Number))])
assert.deepEqual([pong[2][0], pong[3][0]], [seen, port16(peer.at.port)])
const [first] = peer.packets
assert.deepEqual([first.packet.flag, first.packet.sequence, first.packet.size], [challenge, 0n, 63])
console.log('a session')

// --- what it answers ----------------------------------------------------------------

const itself = await peer.ask(node, 'findNode', bodies.findNode([0, 256]))
checkTrain(itself)
assert.deepEqual(records(itself), [sprBytes(spr)])
assert.deepEqual(records(await peer.ask(node, 'findNode', bodies.findNode([257]))), [])
const [talk] = await peer.ask(node, 'talkReq', bodies.talkReq(Buffer.from('echo'), Buffer.from('hi')))
assert.deepEqual(talk.body, { 2: [Buffer.alloc(0)] })
console.log('findNode, talkReq')

const content = randomBytes(32)
const provides = (key, sequence = 1) => sealRecord(key, sequence, [tcp({ address: '127.0.0.1', port: 8070 })])
const provide = async record => {
  peer.say(node, makeMessage('addProvider', randomBytes(8), bodies.addProvider(content, record)))
  await peer.ping(node)
}
const providers = async () => {
  const [answer] = await peer.ask(node, 'getProviders', bodies.getProviders(content))
  assert.equal(answer.kind, 'providers')
  assert.equal(answer.body[1][0], 1n)
  assert(answer.packet.size <= 1200)
  return records([answer])
}
assert.deepEqual(await providers(), [])
await provide(provides(peer.key, 3))
assert.deepEqual((await providers()).map(one => openRecord(one).sequence), [3n])
const newest = provides(peer.key, 9)
await provide(newest)
await provide(provides(peer.key, 4)) // older, and renews only
assert.deepEqual(await providers(), [newest])
const broken = Buffer.from(newest)
broken[broken.length - 1] ^= 1
const other = new Key()
for (const wrong of [broken, Buffer.alloc(0), randomBytes(100), sealRecord(other, 1, [tcp({ address: '127.0.0.1', port: 1 })], { peer: peer.key.peer }),
  sealRecord(other, 1, Array(90).fill(tcp({ address: '127.0.0.1', port: 1 })))]) {
  await provide(wrong)
}
assert.deepEqual(await providers(), [newest])
for (let i = 0; i < 20; ++i) await provide(provides(new Key()))
const chosen = new Set()
for (let i = 0; i < 20; ++i) {
  const some = await providers()
  assert.equal(some.length, 6)
  for (const one of some) chosen.add(openRecord(one).peer.toString('hex'))
}
assert(chosen.size > 10, `${chosen.size} providers of 21`)
console.log('providers')

// --- lists over several datagrams ---------------------------------------------------

await peer.until(() => told.filter(one => one.heard('ping').length).length >= 6, 'pings to those that it was told of',
  { seconds: 120, again: () => peer.events.notify() })
assert.deepEqual(forged.packets, [])
console.log('is told of nodes')

for (const one of told) await one.ping(node)
const asker = await Peer.make()
const train = await asker.ask(node, 'findNode', bodies.findNode(Array.from({ length: 256 }, (_, i) => i + 1)))
checkTrain(train)
assert.equal(records(train).length, 16)
assert(train.length > 1 && train.length <= 3)
for (const one of records(train)) openRecord(one)
const fast = await asker.ask(node, 'findNodeFast', bodies.findNodeFast(told[0].id))
checkTrain(fast)
assert.equal(records(fast).length, 6)
assert(records(fast).some(one => one.equals(told[0].record)))
const far = distance(told[1].id, node.id)
const there = records(await asker.ask(node, 'findNode', bodies.findNode([far])))
assert(there.every(one => distance(openRecord(one).id, node.id) === far))
console.log('tells of nodes')

for (const one of [peer, ...told, forged, asker]) await one.close()
