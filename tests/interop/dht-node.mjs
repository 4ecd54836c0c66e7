// A node of the DHT that a test drives: it says what it is told to, right or wrong, and keeps all that comes.
import { createSocket } from 'node:dgram'
import { randomBytes } from 'node:crypto'
import {
  Key, agreeOnKeys, bodies, challenge, decodeKey, handshake, makeDatagram, makeHeader, makeMessage, open, openDatagram,
  openRecord, ordinary, proofOf, readMessage, seal, sealRecord, sprBytes, udp, verify, whereIs
} from './dht-wire.mjs'

const name = (id, at) => `${id.toString('hex')} ${at.address} ${at.port}`
const answerKinds = ['pong', 'nodes', 'talkResp', 'providers']

// Whom to send to, from the text of a record.
export function contact (text) {
  const record = openRecord(sprBytes(text))
  return { ...record, at: whereIs(record) }
}

// What came, and who waits for more.
export class Waiting {
  waiting = new Set()
  notify () { for (const look of this.waiting) look() }
  // Until `condition` gives something true, which is the result; `again`, if there is one, is called each second meanwhile.
  until (condition, what, { seconds = 60, again } = {}) {
    return new Promise((resolve, reject) => {
      const end = error => {
        clearTimeout(late)
        clearInterval(repeat)
        this.waiting.delete(look)
        if (error) reject(error)
      }
      const look = () => {
        const value = condition()
        if (!value) return
        end()
        resolve(value)
      }
      const late = setTimeout(() => end(new Error(`no ${what} in ${seconds} s`)), seconds * 1000)
      const repeat = again && setInterval(again, 1000)
      this.waiting.add(look)
      look()
    })
  }
}

export class Peer {
  // `address` is one of this host; more records than the own one may be of it.
  static async make ({ address = '127.0.0.1', sequence = 1, key = new Key() } = {}) {
    const peer = new Peer(key)
    await new Promise((resolve, reject) => {
      peer.socket.once('error', reject)
      peer.socket.bind(0, address, resolve)
    })
    peer.at = peer.socket.address()
    peer.setSequence(sequence)
    return peer
  }

  constructor (key) {
    this.key = key
    this.id = key.id
    this.socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 })
    this.socket.on('message', (datagram, from) => this.take(datagram, from))
    this.sessions = new Map() // by id: { write, read: [newest, the one before] }
    this.calls = new Map() // by nonce: what a challenge would be answered with
    this.challenges = new Map() // by id and address: the header of one that was sent
    this.known = new Map() // by id: records
    this.answers = new Map() // by request id: messages
    this.events = new Waiting()
    this.packets = [] // { packet, from }
    this.messages = [] // { kind, requestId, body, from }, of others
    this.sizes = [] // of all datagrams that came
    this.bytesOut = 0
    this.reply = message => this.usualReply(message) // gives a list of [kind, body]
    this.hook = () => false // of each packet: true, when that is all that is done about it
    this.deaf = false // looks at nothing that comes
  }

  setSequence (sequence, addresses = [udp(this.at)]) {
    this.sequence = sequence
    this.record = sealRecord(this.key, sequence, addresses)
  }

  get bytesIn () { return this.sizes.reduce((sum, size) => sum + size, 0) }
  close () { return new Promise(resolve => this.socket.close(resolve)) }
  until (condition, what, more) { return this.events.until(condition, what, more) }

  // --- sending -------------------------------------------------------------------

  send (datagram, { address, port }) {
    this.bytesOut += datagram.length
    this.socket.send(datagram, port, address)
  }

  // A packet that nobody can open, which is to be challenged; gives its nonce.
  call (to, plain, { size = 20, from = this.id } = {}) {
    const nonce = randomBytes(12)
    const header = makeHeader(randomBytes(16), ordinary, nonce, from)
    this.calls.set(nonce.toString('hex'), { to, plain })
    this.send(makeDatagram(to.id, header, randomBytes(size)), to.at)
    return nonce
  }

  sealed (to, plain, key = this.sessions.get(to.id.toString('hex')).write) {
    const nonce = randomBytes(12)
    const header = makeHeader(randomBytes(16), ordinary, nonce, this.id)
    return { nonce, datagram: makeDatagram(to.id, header, seal(key, nonce, header, plain)) }
  }

  // Under the keys that there are, or else it begins a handshake.
  say (to, plain) {
    if (!this.sessions.has(to.id.toString('hex'))) return this.call(to, plain)
    const { nonce, datagram } = this.sealed(to, plain)
    this.calls.set(nonce.toString('hex'), { to, plain })
    this.send(datagram, to.at)
    return nonce
  }

  // What comes as an answer, all parts of it. It is asked once a second: a datagram may be lost.
  async ask (to, kind, body, { seconds = 60 } = {}) {
    const requestId = randomBytes(8)
    const parts = []
    this.answers.set(requestId.toString('hex'), parts)
    const asks = () => {
      parts.length = 0
      this.say(to, makeMessage(kind, requestId, body))
    }
    asks()
    await this.until(() => parts.length && parts.length >= Number(parts[0].kind === 'nodes' ? parts[0].body[1][0] : 1),
      `answer to ${kind}`, { seconds, again: asks })
    this.answers.delete(requestId.toString('hex'))
    return parts
  }

  async ping (to, more) {
    const [pong] = await this.ask(to, 'ping', bodies.ping(this.sequence), more)
    if (pong.kind !== 'pong') throw new Error(`a ping was answered by ${pong.kind}`)
    return pong.body
  }

  // A handshake that answers a challenge, of which `more` replaces parts, for those that are wrong; and its keys.
  makeHandshake (packet, to, plain, more = {}) {
    const ephemeral = new Key()
    const field = more.ephemeral ?? ephemeral.encoded
    const keys = agreeOnKeys(ephemeral, to.compressed, this.id, to.id, packet.header)
    const signature = more.signature ?? (more.signer ?? this.key).sign(proofOf(packet.header, field, to.id))
    const record = more.record ?? (packet.sequence < BigInt(this.sequence) ? this.record : Buffer.alloc(0))
    const nonce = randomBytes(12)
    const sizes = Buffer.from([more.signatureSize ?? signature.length, more.keySize ?? field.length])
    const authdata = Buffer.concat([this.id, sizes, signature, field, record])
    const header = makeHeader(randomBytes(16), handshake, nonce, authdata)
    return { keys, datagram: makeDatagram(to.id, header, seal(keys.initiator, nonce, header, plain)) }
  }

  answerChallenge (packet, { to, plain }) {
    const { keys, datagram } = this.makeHandshake(packet, to, plain)
    this.putSession(to.id, { read: keys.recipient, write: keys.initiator })
    this.send(datagram, to.at)
  }

  putSession (id, { read, write }) {
    const before = this.sessions.get(id.toString('hex'))
    this.sessions.set(id.toString('hex'), { write, read: [read, ...before ? [before.read[0]] : []] })
  }

  sendChallenge (packet, from) {
    const known = this.known.get(packet.from.toString('hex'))
    const sequence = Buffer.alloc(8)
    sequence.writeBigUInt64BE(known?.sequence ?? 0n)
    const header = makeHeader(randomBytes(16), challenge, packet.nonce, Buffer.concat([randomBytes(16), sequence]))
    this.challenges.set(name(packet.from, from), header)
    this.send(makeDatagram(packet.from, header, Buffer.alloc(0)), from)
  }

  // --- taking ------------------------------------------------------------------------

  take (datagram, from) {
    this.sizes.push(datagram.length)
    if (this.deaf) return
    const packet = openDatagram(this.id, datagram)
    this.packets.push({ packet, from })
    if (!this.hook(packet, from)) this.takePacket(packet, from)
    this.events.notify()
  }

  takePacket (packet, from) {
    if (packet.flag === challenge) {
      const call = this.calls.get(packet.nonce.toString('hex'))
      this.calls.delete(packet.nonce.toString('hex'))
      if (call) this.answerChallenge(packet, call)
    } else if (packet.flag === handshake) {
      this.takeMessage(this.openHandshake(packet, from), packet, from)
    } else {
      const session = this.sessions.get(packet.from.toString('hex'))
      for (const key of session?.read ?? []) {
        const plain = open(key, packet)
        if (!plain) continue
        if (key !== session.read[0]) session.read.reverse()
        return this.takeMessage(plain, packet, from)
      }
      this.sendChallenge(packet, from)
    }
  }

  // All of it is to be right: it comes from the node that is tested.
  openHandshake (packet, from) {
    const header = this.challenges.get(name(packet.from, from))
    if (!header) throw new Error('a handshake that answers no challenge')
    this.challenges.delete(name(packet.from, from))
    if (packet.record.length) {
      const record = openRecord(packet.record)
      if (!record.id.equals(packet.from)) throw new Error('a handshake with the record of another node')
      this.known.set(record.id.toString('hex'), record)
    }
    const known = this.known.get(packet.from.toString('hex'))
    if (!known) throw new Error('a handshake without a record')
    if (!verify(known.compressed, proofOf(header, packet.ephemeral, this.id), packet.signature)) throw new Error('a handshake that proves nothing')
    const keys = agreeOnKeys(this.key, decodeKey(packet.ephemeral), packet.from, this.id, header)
    const plain = open(keys.initiator, packet)
    if (!plain) throw new Error('a handshake whose message cannot be opened')
    this.putSession(packet.from, { read: keys.initiator, write: keys.recipient })
    return plain
  }

  takeMessage (plain, packet, from) {
    const message = { ...readMessage(plain), plain, packet, from }
    if (message.requestId.length > 8) throw new Error('a request id that is too long')
    const waits = answerKinds.includes(message.kind) && this.answers.get(message.requestId.toString('hex'))
    if (waits) return waits.push(message)
    this.messages.push(message)
    const known = this.known.get(packet.from.toString('hex'))
    const to = { id: packet.from, compressed: known?.compressed, at: from }
    for (const [kind, body] of this.reply(message)) {
      const { datagram } = this.sealed(to, makeMessage(kind, message.requestId, body))
      this.send(datagram, from)
    }
  }

  usualReply ({ kind, from, body }) {
    if (kind === 'ping') return [['pong', bodies.pong(this.sequence, from)]]
    if (kind === 'findNode') return [['nodes', bodies.nodes(1, body[1].some(one => one.readUInt16BE() === 0) ? [this.record] : [])]]
    if (kind === 'findNodeFast') return [['nodes', bodies.nodes(1, [])]]
    if (kind === 'talkReq') return [['talkResp', bodies.talkResp(Buffer.alloc(0))]]
    if (kind === 'getProviders') return [['providers', bodies.providers(1, [])]]
    return []
  }

  heard (kind) { return this.messages.filter(message => message.kind === kind) }
}
