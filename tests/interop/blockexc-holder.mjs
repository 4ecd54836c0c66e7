// Nodes on js-libp2p that have a file, and give its blocks as older nodes do, or with a fault:
//   node blockexc-holder.mjs
// says a port of 127.0.0.1; who connects there and says a line of these, with tabs between them, has such a node until
// the connection ends:
//   OUT HOW FILE MANIFEST MUXER [STREAM [LACKS...]]
// HOW is a version (v0.1, v0.2, 2025-11) or a fault (faults, below), MANIFEST a file with the bytes of the manifest.
// It answers on a stream of its own, or on that of the question (STREAM is own or same), and lacks these leaves.
// What it says is appended to the file OUT: its address, and `played N` once it has done its fault to N peers. What a node
// says that a node of its version cannot read, or would be misled by, is a line that begins with `wrong`. The nodes know
// nothing of each other; one process has all of a file of tests, because to load js-libp2p takes longer than a test. It
// serves until stdin ends.
import { appendFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import {
  Dataset, Tree, Writer, block, blockBytes, blockCid, framed, have, keyOf, manifestCid, mostMessageBytes, pause,
  protocol, range, readExactMessage, readMessages, sha256, treeCid, varint, writeMessage
} from './blockexc.mjs'
import { makeNode } from './libp2p-node.mjs'

// Gives the node; `say` takes its lines.
async function hold ([how, file, manifestFile, muxer, stream = 'own', ...lackTexts], say) {
  const dataset = new Dataset(readFileSync(file))
  const manifest = readFileSync(manifestFile)
  const lacks = new Set(lackTexts.map(Number))
  const isVersion = ['v0.1', 'v0.2', '2025-11'].includes(how)
  const version = isVersion ? how : '2025-11'

  // --- what is here ------------------------------------------------------------

  const here = new Map(dataset.blocks.map((_, i) => dataset.delivery(i)).filter(one => !lacks.has(one.address.index))
    .map(one => [keyOf(one.address), one]))
  const manifestDelivery = { cid: manifestCid(sha256(manifest)), data: manifest, address: { cid: manifestCid(sha256(manifest)) } }
  here.set(keyOf(manifestDelivery.address), manifestDelivery)
  const isLeaf = delivery => delivery.address.tree !== undefined

  // --- what it does wrong ------------------------------------------------------

  const flipped = (bytes, at) => {
    const other = Buffer.from(bytes)
    other[at] ^= 1
    return other
  }
  const otherPath = (index, change) => dataset.hashes.proof(index, change(dataset.hashes.path(index)))
  const foreign = new Tree(dataset.digests.map(digest => sha256(digest)))
  // Has the right leaf, and its proof is right, but of another tree.
  const mixed = index => new Tree(foreign.layers[0].map((digest, i) => i === index ? dataset.digests[i] : digest))

  // What a delivery of a leaf is made to.
  const lies = {
    corrupt: one => ({ ...one, data: flipped(one.data, blockBytes - 1) }),
    'bad-proof': one => ({ ...one, proof: otherPath(one.address.index, path => [...path.slice(0, -1), flipped(path.at(-1), 31)]) }),
    'short-proof': one => ({ ...one, proof: otherPath(one.address.index, path => path.slice(0, -1)) }),
    'no-proof': one => ({ ...one, proof: undefined }),
    'broken-proof': one => ({ ...one, proof: Buffer.from('ffffffff', 'hex') }),
    'foreign-proof': one => ({ ...one, proof: mixed(one.address.index).proof(one.address.index) }),
    'wrong-cid': one => ({ ...one, cid: blockCid(sha256(one.cid)) }),
    'other-block': one => ({ ...dataset.delivery((one.address.index + 1) % dataset.blocks.length), address: one.address })
  }

  const junk = i => {
    const data = Buffer.from(`junk ${i}`)
    return { cid: blockCid(sha256(data)), data, address: { cid: blockCid(sha256(data)) } }
  }

  // What is done instead of sending blocks. Each gets the peer, what it asked for, and how that would be written.
  const deeds = {
    manifest: (peer, deliveries) => peer.deliver(deliveries.map(one => isLeaf(one) ? one : { ...one, data: flipped(one.data, 0) })),
    promises: () => {},
    trickle: async (peer, _, written) => {
      for (const byte of written) {
        await peer.write(Buffer.from([byte]))
        await pause(20)
      }
    },
    duplicates: async (peer, deliveries) => {
      for (let i = peer.doubled ? 2 : 0; i < 3; ++i) await peer.deliver(deliveries)
      peer.doubled = true
    },
    // These go on until the peer has had enough.
    // All but the last one, without which no fetch is over.
    flood: (peer, deliveries) => peer.repeat(deliveries.filter(one => one.address.index !== dataset.blocks.length - 1)),
    // All of the dataset but what was asked for.
    unsolicited: (peer, deliveries) => {
      const asked = new Set(deliveries.map(one => one.address.index))
      return peer.repeat(range(0, dataset.blocks.length).filter(i => !asked.has(i)).map(i => dataset.delivery(i)))
    },
    // What was asked for, but under the address of another tree.
    'wrong-address': (peer, deliveries) => peer.repeat(deliveries.map(one =>
      ({ ...one, address: { tree: treeCid(foreign.root), index: one.address.index } }))),
    // Blocks that have nothing to do with it.
    junk: peer => peer.repeat(range(0, 200).map(junk)),
    oversized: peer => peer.write(Buffer.concat([varint(mostMessageBytes + 1), Buffer.alloc(1000)])),
    garbage: peer => peer.write(Buffer.from('05ffffffffff', 'hex')),
    dropped: async (peer, _, written) => {
      await peer.write(written.subarray(0, written.length / 2))
      peer.connection.abort(new Error('dropped'))
    }
  }

  const patient = ['flood', 'unsolicited', 'junk', 'wrong-address']

  const isFault = how in lies || how in deeds
  if (!isVersion && !isFault && how !== 'silent' && how !== 'empty') throw new Error(`${how}: no such version or fault`)

  // --- peers -------------------------------------------------------------------

  const played = new Set()
  function play (peer) {
    if (played.has(peer.name)) return
    played.add(peer.name)
    say(`played ${played.size}`)
  }

  class Peer {
    constructor (connection) {
      this.connection = connection
      this.name = connection.remotePeer.toString()
      this.wants = new Map()
      this.sending = Promise.resolve()
    }

    // Where it is answered.
    async #out (asked) {
      if (stream === 'same') return (asked.writer ??= new Writer(asked))
      this.own ??= this.connection.newStream(protocol).then(opened => {
        readMessages(opened, from => this.take(opened, from)).catch(() => {})
        const writer = new Writer(opened)
        writer.broken.then(() => { this.own = undefined })
        return writer
      })
      return await this.own
    }

    async write (piece) { await (await this.#out(this.asked)).write(piece) }

    // In messages of the version.
    async deliver (deliveries) {
      const most = version === '2025-11' ? 20 : deliveries.length
      for (let at = 0; at < deliveries.length; at += most) await this.write(framed(writeMessage({ deliveries: deliveries.slice(at, at + most) })))
    }

    async repeat (deliveries) {
      try {
        while (this.connection.status === 'open') {
          await this.deliver(deliveries)
          await pause(10)
        }
      } finally { // the connection may end within a delivery
        play(this)
      }
    }

    take (asked, from) {
      this.asked = asked
      try {
        const message = readExactMessage(from)
        if (message.presences.length + message.deliveries.length > 0) throw new Error('answers what was not asked')
        this.list(message)
      } catch (error) {
        say(`wrong ${error.message}`)
      }
    }

    // Versions differ here; the faults are those of the last one.
    list ({ wants, full }) {
      if (how === 'silent') return play(this)
      if (how === 'empty') play(this)
      const presences = []
      let serve = false
      if (full) for (const [key, want] of this.wants) if (want.type === have) this.wants.delete(key)
      for (const want of wants) {
        const key = keyOf(want.address)
        const known = this.wants.get(key)
        const isHere = how !== 'empty' && here.has(key)
        const say = type => presences.push({ address: want.address, type })
        if (known === undefined && want.cancel) {
          // v0.1 takes it for a question.
          if (version === 'v0.1' && isHere) say(0)
        } else if (want.cancel) {
          this.wants.delete(key)
        } else if (known === undefined && want.type === have) {
          if (isHere) say(0)
          else if (want.dontHave) say(1)
        } else if (known === undefined) {
          if (version === 'v0.1' && !isHere && want.dontHave) say(1)
          this.wants.set(key, want)
          serve = true
        } else if (want.type === have) {
          say('wrong: asks whether there is what it waits for')
          if (version !== '2025-11') this.wants.set(key, want) // and the block is never sent
        } else {
          serve = true
        }
      }
      const open = [...this.wants.values()].filter(want => want.address.tree !== undefined).length * blockBytes
      if (open > 64 << 20) say(`wrong: ${open} bytes are asked for`)
      for (let at = 0; at < presences.length; at += 1024) this.send(() => this.write(framed(writeMessage({ presences: presences.slice(at, at + 1024) }))))
      if (serve) this.send(() => this.serve())
    }

    send (deed) { this.sending = this.sending.then(deed).catch(() => {}) }

    async serve () {
      // In the order of hashes, as they do.
      const deliveries = [...this.wants].filter(([, want]) => want.type === block).map(([key]) => here.get(key)).filter(one => one !== undefined)
        .sort((a, b) => Buffer.compare(sha256(a.cid), sha256(b.cid)))
      if (deliveries.length === 0) return
      for (const one of deliveries) this.wants.delete(keyOf(one.address))
      const isMeant = how in lies ? deliveries.some(isLeaf) : how in deeds && (how === 'manifest' || deliveries.some(isLeaf))
      if (!isMeant) return await this.deliver(deliveries)
      if (!patient.includes(how)) play(this)
      if (how in lies) return await this.deliver(deliveries.map(one => isLeaf(one) ? lies[how](one) : one))
      await deeds[how](this, deliveries, framed(writeMessage({ deliveries })))
    }
  }

  const peers = new Map()
  const node = await makeNode([muxer], ['/ip4/127.0.0.1/tcp/0'])
  await node.handle(protocol, ({ stream: incoming, connection }) => {
    if (!peers.has(connection.id)) peers.set(connection.id, new Peer(connection))
    readMessages(incoming, from => peers.get(connection.id).take(incoming, from)).catch(() => {})
  })
  say(node.getMultiaddrs()[0].toString())
  return node
}

// --- who wants one -----------------------------------------------------------

createServer(connection => {
  connection.on('error', () => {})
  createInterface({ input: connection }).once('line', line => {
    const [out, ...how] = line.split('\t')
    const say = text => appendFileSync(out, `${text}\n`)
    hold(how, text => connection.destroyed || say(text)).then(
      node => connection.destroyed ? node.stop() : connection.once('close', () => node.stop()),
      error => say(`wrong: ${error.stack}`))
  })
}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })
process.on('unhandledRejection', () => {}) // of connections that ended
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
