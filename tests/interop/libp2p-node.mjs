// Nodes on js-libp2p, for the peers of the other files.
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { mplex } from '@libp2p/mplex'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'

Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new Promise((yes, no) => { resolve = yes; reject = no })
  return { promise, resolve, reject }
}
const { createLibp2p } = await import('libp2p')

const muxers = { '/mplex/6.7.0': mplex, '/yamux/1.0.0': yamux }
// By default they wait for 5 s and 10 s, less than a handshake may take on a machine that has ten other things to do.
const timeout = 120000

// One that knows these muxers and listens at these addresses.
export const makeNode = async (names, listen = []) => createLibp2p({
  privateKey: await generateKeyPair('secp256k1'),
  addresses: { listen },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: names.map(name => muxers[name]()),
  connectionManager: {
    inboundConnectionThreshold: 1000,
    dialTimeout: timeout,
    inboundUpgradeTimeout: timeout,
    protocolNegotiationTimeout: timeout
  },
  // Which ends a connection whose ping is late, and where it works for 5 s its own pings are.
  connectionMonitor: { enabled: false },
  services: { identify: identify({ timeout }), ping: ping({ timeout }) }
})
