// That dht-wire.mjs, which tests nodes, is right itself:
//   node dht-vectors.mjs VECTORS CAPTURES
// compares it with tests/vectors/network.json and network-captures.json, and ends with 1 where it differs.
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import {
  Key, agreeOnKeys, bodies, bytes, distance, hex, keccak256, makeDatagram, makeHeader, makeMessage, open, openDatagram, openRecord,
  proofOf, readMessage, seal, sealRecord, sprBytes, sprText, varint, verify
} from './dht-wire.mjs'

const [vectors, captures] = process.argv.slice(2).map(file => JSON.parse(readFileSync(file)))
const same = (mine, theirs, what) => assert.equal(mine.toString('hex'), theirs, what)

// Ids.
for (const { cid, id } of vectors.dht_ids.cid_to_id) same(keccak256(hex(cid)), id, 'id of content')
for (const { a, b, distance: far } of vectors.dht_ids.log_distance) assert.equal(distance(hex(a), hex(b)), far)

// Records.
for (const { text, bytes: envelope, node_id: id, seq } of vectors.spr.records) {
  const record = openRecord(sprBytes(text))
  same(record.envelope, envelope)
  assert.equal(sprText(record.envelope), text)
  same(record.id, id)
  assert.equal(record.sequence, BigInt(seq))
}
const key = new Key()
const record = openRecord(sealRecord(key, 7, [hex('047f0000019102232a')]))
assert.deepEqual([record.id, record.sequence], [key.id, 7n])
assert.throws(() => openRecord(sealRecord(key, 7, [], { peer: new Key().peer })), /somebody else/)
assert.throws(() => openRecord(sealRecord(key, 7, [], { signature: key.sign(hex('00')) })), /wrong signature/)

// Keys.
const { ecdh, key_derivation: derived, id_signature: proof, gcm } = vectors.dht_crypto
same(new Key(hex(ecdh.secret)).agree(hex(ecdh.public)), ecdh.shared_compressed)
const keys = agreeOnKeys(new Key(hex(derived.ephemeral)), hex(derived.dest_public), hex(derived.node_a), hex(derived.node_b), hex(derived.challenge))
same(keys.initiator, derived.initiator_key)
same(keys.recipient, derived.recipient_key)
const signer = new Key(hex(proof.static_key))
const signed = proofOf(hex(proof.challenge), hex(proof.ephemeral_field), hex(proof.node_b))
assert(verify(signer.compressed, signed, hex(proof.signature_der)))
assert(verify(signer.compressed, signed, signer.sign(signed)))
same(seal(hex(gcm.key), hex(gcm.nonce), hex(gcm.ad), hex(gcm.plain)), gcm.cipher)

// Packets.
const own = vectors.dht_packets.vectors[0].dest_node_id
for (const { packet: datagram, name, ...expected } of vectors.dht_packets.vectors) {
  const packet = openDatagram(hex(own), hex(datagram))
  if (expected.header) same(packet.header.subarray(16), expected.header, name)
  if (expected.request_nonce) same(packet.nonce, expected.request_nonce, name)
  if (expected.id_nonce) same(packet.idNonce, expected.id_nonce, name)
  if (expected.id_signature) same(packet.signature, expected.id_signature, name)
  if (expected.eph_key) same(packet.ephemeral, expected.eph_key, name)
  if (expected.record) same(packet.record, expected.record, name)
  const reads = expected.read_key ?? expected.initiator_key
  if (reads) same(open(hex(reads), packet), expected.message, name)
  same(makeDatagram(hex(own), packet.header, packet.message), datagram, name)
}
same(makeHeader(hex('00'.repeat(16)), 1, hex('0102030405060708090a0b0c'), hex('0102030405060708090a0b0c0d0e0f10' + '00'.repeat(8))),
  vectors.dht_packets.vectors[1].challenge_data)

// Messages.
const one = hex('01')
const dhtA = hex(vectors.dht_packets.vectors[0].src_node_id)
const [first, second] = vectors.spr.records.map(({ bytes: envelope }) => hex(envelope))
const expected = [
  ['ping', bodies.ping(1)], ['pong', bodies.pong(1, { address: '127.0.0.1', port: 5000 })], ['findNode', bodies.findNode([256])],
  ['nodes', bodies.nodes(1, [])], ['talkReq', bodies.talkReq(Buffer.from('echo'), Buffer.from('hi'))],
  ['talkResp', bodies.talkResp(Buffer.from('hi'))], ['findNodeFast', bodies.findNodeFast(dhtA)], ['getProviders', bodies.getProviders(dhtA)],
  ['addProvider', bodies.addProvider(dhtA, first)], ['providers', bodies.providers(1, [first])], ['nodes', bodies.nodes(1, [first, second])]
]
assert.deepEqual(vectors.dht_messages.vectors.map(({ kind }) => kind), expected.map(([kind]) => kind))
vectors.dht_messages.vectors.forEach(({ kind, hex: text }, i) => same(makeMessage(kind, one, expected[i][1]), text, kind))

// What nodes said to each other, written anew.
let compared = 0
for (const [kind, messages] of Object.entries(captures.dht)) {
  for (const { hex: text } of messages) {
    const { kind: read, requestId, body } = readMessage(hex(text))
    assert.equal(read, kind)
    const written = Object.entries(body).map(([field, values]) => values.map(value => typeof value === 'bigint'
      ? Buffer.concat([varint(field * 8), varint(value)])
      : bytes(Number(field), value))).flat()
    same(makeMessage(kind, requestId, Buffer.concat(written)), text, kind)
    for (const envelope of ['nodes', 'providers', 'addProvider'].includes(kind) ? body[2] ?? [] : []) openRecord(envelope)
    ++compared
  }
}
assert(compared > 10)
console.log('all right')
