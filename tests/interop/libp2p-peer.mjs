// A js-libp2p node against ours:
//   node libp2p-peer.mjs listen MUXER...        says its address, and serves until stdin ends
//   node libp2p-peer.mjs dial ADDRESS MUXER...  does what a test asks for, and says a line for each
import { multiaddr } from '@multiformats/multiaddr'
import { makeNode } from './libp2p-node.mjs'

const echo = '/test/echo/1'
const [command, ...rest] = process.argv.slice(2)
const address = command === 'dial' ? multiaddr(rest.shift()) : undefined

async function node () {
  const made = await makeNode(rest, command === 'listen' ? ['/ip4/127.0.0.1/tcp/0'] : [])
  await made.handle(echo, ({ stream }) => stream.sink(stream.source))
  return made
}

// Sends `size` bytes in pieces, and compares what comes back.
async function exchange (from, size, piece) {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255)
  const stream = await from.dialProtocol(address, echo)
  const sent = stream.sink((function * () {
    for (let at = 0; at < size; at += piece) yield bytes.subarray(at, at + piece)
  })())
  const parts = []
  for await (const part of stream.source) parts.push(part.subarray())
  await sent
  if (!Buffer.concat(parts).equals(Buffer.from(bytes))) throw new Error('other bytes came back')
}

async function dial () {
  const ours = await node()
  const connection = await ours.dial(address)
  console.log(`muxer ${connection.multiplexer}`)
  console.log(`ping ${(await ours.services.ping.ping(address)) >= 0}`)
  const peer = await ours.peerStore.get(connection.remotePeer)
  console.log(`identify ${new TextDecoder().decode(peer.metadata.get('AgentVersion'))}`)
  console.log(`unknown ${await ours.dialProtocol(address, '/not/served/1').then(() => 'taken', error => error.name)}`)
  await exchange(ours, 300, 1)
  console.log('bytes')
  await exchange(ours, 4 << 20, 1 << 20)
  console.log('mebibytes')
  const others = await Promise.all(Array.from({ length: 8 }, node))
  await Promise.all(others.map(async other => {
    await exchange(other, 100000, 4096)
    await other.stop()
  }))
  console.log('8 connections')
  await ours.stop()
}

if (command === 'dial') {
  await dial()
} else {
  const ours = await node()
  console.log(ours.getMultiaddrs()[0].toString())
  process.stdin.resume()
  process.stdin.on('end', () => process.exit(0))
}
