// A client of block exchange on js-libp2p, which does to a node what peers do, and worse:
//   node blockexc-peer.mjs ADDRESS TREE LEAVES FILE MUXER
// asks for all leaves of a dataset, writes their bytes to FILE, and says a line for each step.
import { writeFileSync } from 'node:fs'
import { multiaddr } from '@multiformats/multiaddr'
import { base58btc } from 'multiformats/bases/base58'
import {
  Waiting, Writer, block, check, framed, have, pause, protocol, range, readMessage, readMessages, sha256,
  varint, writeMessage
} from './blockexc.mjs'
import { makeNode } from './libp2p-node.mjs'

const [to, treeText, leavesText, file, muxer] = process.argv.slice(2)
const address = multiaddr(to)
const tree = Buffer.from(base58btc.decode(treeText))
const leaves = Number(leavesText)

const leaf = index => ({ tree, index })
const plain = cid => ({ cid })
const entry = (address, type, more = {}) => ({ address, type, ...more })
const list = (wants, full = 0) => framed(writeMessage({ wants, full }))

// --- what comes --------------------------------------------------------------

const presences = []
const deliveries = []
let largest = 0
const waiting = new Waiting()
const until = (condition, what) => waiting.until(condition, what)

function take (from) {
  const message = readMessage(from)
  deliveries.push(...message.deliveries)
  presences.push(...message.presences.map(({ address, type }) => ({ index: address.index, cid: address.cid, have: type === 0 })))
  largest = Math.max(largest, message.deliveries.length)
  waiting.notify()
}

async function open (node) {
  const stream = await node.dialProtocol(address, protocol)
  const writer = new Writer(stream)
  const done = readMessages(stream, take).then(() => false, () => true)
  return { write: piece => writer.write(piece), broken: Promise.race([writer.broken, done]).then(first => first || done) }
}

// --- the steps ---------------------------------------------------------------

const node = await makeNode([muxer])
await node.handle(protocol, ({ stream }) => { readMessages(stream, take).catch(() => {}) })
const stream = await open(node)

// 1024 entries: those there are, and others.
stream.write(list(range(0, 1024).map(index => entry(leaf(index), have, { dontHave: 1 })), 1))
await until(() => presences.length === 1024, 'presences')
const there = presences.filter(one => one.have).map(one => one.index).sort((a, b) => a - b)
console.log(`there ${there.length} of 1024: ${there[0]} to ${there.at(-1)}`)

// All blocks at once, asked for one byte at a time.
for (const byte of list(range(0, leaves).map(index => entry(leaf(index), block)))) stream.write(Buffer.from([byte]))
await until(() => deliveries.length === leaves, 'blocks')
deliveries.forEach(check)
const blocks = [...deliveries].sort((a, b) => a.address.index - b.address.index)
if (blocks.some((one, i) => one.address.index !== i)) throw new Error('other blocks came')
writeFileSync(file, Buffer.concat(blocks.map(one => one.data)))
console.log(`blocks ${blocks.length}, at most ${largest} a message`)

// A plain block, and blocks that are absent.
const absent = Buffer.concat([blocks[0].cid.subarray(0, -32), sha256(Buffer.from('absent'))])
stream.write(list([entry(plain(blocks[1].cid), block), entry(plain(absent), have), entry(plain(absent), block),
  entry(leaf(leaves), block), entry(leaf(leaves + 1), block, { dontHave: 1 })]))
await until(() => deliveries.length === leaves + 1 && presences.length === 1025, 'absent blocks')
await pause(500)
check(deliveries.at(-1))
if (!deliveries.at(-1).data.equals(blocks[1].data)) throw new Error('another block came')
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
