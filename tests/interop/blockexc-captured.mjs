// Says to a node what one reference node has said to another, and compares its answers, byte by byte:
//   node blockexc-captured.mjs CAPTURES data BYTES         writes the data that they had to stdout
//   node blockexc-captured.mjs CAPTURES ask ADDRESS MUXER
// Blocks, and what is said of them, may come in another order than the reference's, which is that of hashes.
import { readFileSync } from 'node:fs'
import { multiaddr } from '@multiformats/multiaddr'
import {
  Waiting, Writer, blockBytes, framed, protocol, readExactMessage, readMessages, sha256, writeMessage
} from './blockexc.mjs'
import { makeNode } from './libp2p-node.mjs'

const [captures, command, ...rest] = process.argv.slice(2)

// As of tests/vectors/README.md.
function data (size) {
  let state = 1
  return Buffer.from(Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  }))
}

function blockData (name) {
  const [, size, index] = name.match(/^lcg (\d+) bytes, block (\d+)$/).map(Number)
  const padded = Buffer.alloc(blockBytes)
  data(size).copy(padded, 0, index * blockBytes)
  return padded
}

const bytesOf = ({ hex, parts }) => hex !== undefined
  ? Buffer.from(hex, 'hex')
  : Buffer.concat(parts.map(part => part.hex !== undefined ? Buffer.from(part.hex, 'hex') : blockData(part.blockData)))

// With blocks, and what is said of them, in the order of their numbers.
function sorted (message) {
  const read = readExactMessage(message)
  const inOrder = (a, b) => (a.address.index ?? 0) - (b.address.index ?? 0)
  read.deliveries.sort(inOrder)
  read.presences.sort(inOrder)
  return writeMessage(read)
}

async function ask (to, muxer) {
  const conversations = JSON.parse(readFileSync(captures)).blockExchange
  const node = await makeNode([muxer])
  const waiting = new Waiting()
  let came = []
  const take = from => {
    came.push(from)
    waiting.notify()
  }
  await node.handle(protocol, ({ stream }) => { readMessages(stream, take) })
  const stream = await node.dialProtocol(multiaddr(to), protocol)
  const writer = new Writer(stream)
  readMessages(stream, take)
  let same = 0
  for (let i = 0; i < conversations.length; ++i) {
    const { from, what } = conversations[i]
    const message = bytesOf(conversations[i])
    if (!writeMessage(readExactMessage(message)).equals(message)) throw new Error(`${what}: this is written otherwise here`)
    if (from !== 'fetcher') continue
    came = []
    writer.write(framed(message))
    if (conversations[i + 1]?.from !== 'holder') continue
    const answer = bytesOf(conversations[i + 1])
    const blocks = readExactMessage(answer).deliveries.length
    await waiting.until(() => came.length > 0 && (blocks === 0 || came.map(readExactMessage)
      .reduce((sum, one) => sum + one.deliveries.length, 0) >= blocks), what)
    if (came.length !== 1 || !sorted(came[0]).equals(sorted(answer)))
      throw new Error(`${what}: ${came.length} messages, ${sha256(...came).toString('hex')} and not ${sha256(answer).toString('hex')}`)
    ++same
  }
  console.log(`${same} answers are the same`)
  await node.stop()
}

process.on('unhandledRejection', error => {
  console.error(error)
  process.exit(1)
})
if (command === 'data') process.stdout.write(data(Number(rest[0])))
else await ask(...rest)
