// Peers of a node of the DHT whose records change, whose keys are lost, and who call when they are called:
//   node dht-changes.mjs SPR
// A line for each step that went as it should. The node knows these few alone, so that it asks each of them within seconds.
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { bodies, challenge, handshake, makeMessage, openRecord, ordinary, udp } from './dht-wire.mjs'
import { Peer, contact } from './dht-node.mjs'

const node = contact(process.argv[2])
const asker = await Peer.make()
const moved = await Peer.make({ sequence: 10 })

// What the node tells others of one; nothing, when it does not know him.
async function toldOf (one) {
  const [answer] = await asker.ask(node, 'findNodeFast', bodies.findNodeFast(one.id))
  return (answer.body[2] ?? []).map(openRecord).find(record => record.id.equals(one.id))
}

// --- records --------------------------------------------------------------------------

await moved.ping(node)
assert.equal((await toldOf(moved)).sequence, 10n)
// One that is older changes nothing.
moved.setSequence(4)
moved.sessions.clear()
moved.known.clear()
await moved.ping(node)
assert.equal((await toldOf(moved)).sequence, 10n)
// It asks for one that a pong says is newer.
moved.setSequence(20)
let told
await moved.until(() => told?.sequence === 20n, 'newer record', {
  seconds: 120,
  again: async () => { told = await toldOf(moved); moved.events.notify() }
})
assert(moved.messages.some(({ kind, body }) => kind === 'findNode' && body[1].length === 1 && body[1][0].readUInt16BE() === 0))
console.log('newer records')

// Whose record says another address than the packet came from is answered, and not told of.
const elsewhere = await Peer.make()
elsewhere.setSequence(3, [udp({ address: '127.0.0.1', port: 9 })])
await elsewhere.ping(node)
assert.equal(await toldOf(elsewhere), undefined)
const nowhere = await Peer.make()
nowhere.setSequence(3, [])
await nowhere.ping(node)
assert.equal(await toldOf(nowhere), undefined)
console.log('records of elsewhere')

// --- lost keys ----------------------------------------------------------------------------

// We have lost ours. Its challenge says that it has our record, which the handshake goes without.
moved.sessions.clear()
moved.packets.length = 0
await moved.ping(node)
assert.deepEqual([moved.packets[0].packet.flag, moved.packets[0].packet.sequence], [challenge, 20n])
console.log('we have lost the keys')

// It cannot know that: what it asks under them is challenged, and asked anew. With the number of its record it leaves that out.
for (const knows of [false, true]) {
  moved.sessions.clear()
  if (!knows) moved.known.clear()
  moved.packets.length = 0
  const made = () => moved.packets.find(({ packet }) => packet.flag === handshake)
  await moved.until(made, 'handshake', { seconds: 120 })
  assert.equal(made().packet.record.length > 0, !knows)
  await moved.ping(node)
}
console.log('it has lost the keys')

// --- crossed handshakes ------------------------------------------------------------------------

// Its call comes to one that calls at the same time: both are challenged, both answer, and each reads what either has sealed.
for (const challengesFirst of [false, true]) {
  moved.sessions.clear()
  const made = []
  let called = false
  moved.hook = (packet, from) => {
    if (packet.flag !== ordinary || called) return false
    called = true
    if (challengesFirst) moved.sendChallenge(packet, from)
    moved.call(node, makeMessage('ping', randomBytes(8), bodies.ping(20)))
    if (!challengesFirst) moved.sendChallenge(packet, from)
    return true
  }
  moved.putSession = (id, keys) => {
    made.push(keys)
    Peer.prototype.putSession.call(moved, id, keys)
  }
  await moved.until(() => made.length === 2, 'crossed handshakes', { seconds: 120 })
  for (const { write } of [...made, ...made]) {
    moved.sessions.get(node.id.toString('hex')).write = write
    moved.packets.length = 0
    await moved.ping(node)
    assert(moved.packets.every(({ packet }) => packet.flag === ordinary), 'another handshake')
  }
}
console.log('crossed handshakes')

for (const one of [asker, moved, elsewhere, nowhere]) await one.close()
