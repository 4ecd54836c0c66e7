// A node on js-libp2p that fetches a dataset as older nodes do:
//   node blockexc-fetcher.mjs VERSION ADDRESS MANIFEST-CID LEAVES FILE MUXER LATER-CID
// VERSION is v0.1, v0.2 or 2025-11. Writes the blocks to FILE, then asks for the block LATER-CID, which is not there
// yet, says `waits`, and gets it when it comes. What is said to it that such a node cannot read, or would be misled
// by, is an error. All that comes is compared with what the reference would have written.
import { writeFileSync } from 'node:fs'
import { multiaddr } from '@multiformats/multiaddr'
import { base58btc } from 'multiformats/bases/base58'
import {
  Waiting, Writer, block, check, first, framed, have, keyOf, protocol, range, readExactMessage, readMessages,
  writeMessage
} from './blockexc.mjs'
import { makeNode } from './libp2p-node.mjs'

const [version, to, manifestText, leavesText, file, muxer, laterText] = process.argv.slice(2)
const address = multiaddr(to)
const leaves = Number(leavesText)
const manifest = { cid: Buffer.from(base58btc.decode(manifestText)) }
const later = { cid: Buffer.from(base58btc.decode(laterText)) }

const node = await makeNode([muxer])
const waiting = new Waiting()
const got = new Map() // by address
const open = new Map() // addresses that are asked for
const held = new Map() // presences, which are taken to say that a block is there, whatever they say
let duplicates = 0
let largest = 0
let told = 0

process.on('unhandledRejection', error => {
  console.error(error)
  process.exit(1)
})

function take (from) {
  const message = readExactMessage(from)
  largest = Math.max(largest, message.deliveries.length)
  for (const one of message.deliveries) {
    check(one)
    const key = keyOf(one.address)
    if (got.has(key)) ++duplicates
    if (!open.has(key) && !got.has(key)) throw new Error('a block that was not asked for')
    got.set(key, one)
    open.delete(key)
    // To every peer, for every block; since 2025-03 only to those that hold it, since 2025-11 where it is open.
    if (version === 'v0.1' || (version === 'v0.2' && held.has(key))) say([{ address: one.address, type: have, cancel: 1 }])
  }
  for (const one of message.presences) {
    ++told
    if (one.type !== 0) throw new Error('a block is said not to be there, which is taken for the contrary')
    if (!wants.has(keyOf(one.address)) && version === 'v0.1') throw new Error('a cancel, or what was not asked, is answered')
    held.set(keyOf(one.address), one.address)
  }
  // All that is known to be there and was not asked for.
  if (message.presences.length > 0) {
    const wanted = [...held].filter(([key]) => wants.has(key) && !open.has(key) && !got.has(key)).map(([, address]) => address)
    if (wanted.length > 0) ask(wanted)
  }
  waiting.notify()
}

await node.handle(protocol, ({ stream }) => { readMessages(stream, take) })
const stream = await node.dialProtocol(address, protocol)
const writer = new Writer(stream)
readMessages(stream, take)

const say = (wants, full = 0) => writer.write(framed(writeMessage({ wants, full })))
const wants = new Map()
function want (address) { wants.set(keyOf(address), address) }
function ask (addresses) {
  for (const address of addresses) open.set(keyOf(address), address)
  say(addresses.map(address => ({ address, type: block })))
}
const isHere = address => got.has(keyOf(address))

// Gets these, which are there.
async function fetch (addresses) {
  addresses.forEach(want)
  if (version === 'v0.1') {
    // Nothing is known of who has what: one peer is asked for the blocks, the others whether they have them.
    for (const address of addresses) ask([address])
  } else {
    for (let at = 0; at < addresses.length; at += 1024)
      say(addresses.slice(at, at + 1024).map(address => ({ address, type: have })), at === 0 ? 1 : 0)
  }
  // They do so every half second.
  const again = version === 'v0.2' ? setInterval(() => { for (const address of open.values()) ask([address]) }, 10) : undefined
  await waiting.until(() => addresses.every(isHere), 'blocks')
  clearInterval(again)
}

await fetch([manifest])
const tree = first(first(got.get(keyOf(manifest)).data, 1), 1) // codex-manifest(5)
const all = range(0, leaves).map(index => ({ tree, index }))
const window = version === '2025-11' ? 1024 : 10
for (let at = 0; at < leaves; at += window) await fetch(all.slice(at, at + window))
writeFileSync(file, Buffer.concat(all.map(address => got.get(keyOf(address)).data)))
console.log(`blocks ${all.length}, at most ${largest} a message, ${duplicates} twice`)

// What is not there has no answer, whatever is asked.
const before = told
const absent = [{ tree, index: leaves }, later]
say([...absent.map(address => ({ address, type: have })), { address: { tree, index: leaves + 1 }, type: block }])
want(later)
want({ tree, index: leaves })
say([{ address: all[0], type: have }])
await waiting.until(() => told > before, 'a presence')
if (told !== before + 1) throw new Error('what is not there was answered')
console.log('waits')
await waiting.until(() => isHere(later), 'what came later')
console.log('came')
await node.stop()
