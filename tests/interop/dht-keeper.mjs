// Nodes of the DHT that keep who has what, for one that looks for it and says it itself:
//   node dht-keeper.mjs CID [SPR]
// They ping the node of that record, if there is one. The first line is the record of one of them and the peer that they say has the
// dataset of CID; then comes a line for each question about that, and for each peer that says to have it. Until stdin ends.
import { Key, bodies, keccak256, openRecord, sealRecord, sprText, tcp } from './dht-wire.mjs'
import { Peer, contact } from './dht-node.mjs'

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
function fromBase58 (text) {
  let value = 0n
  for (const digit of text) value = value * 58n + BigInt(alphabet.indexOf(digit))
  const digits = value.toString(16)
  return Buffer.from(digits.padStart(digits.length + digits.length % 2, '0'), 'hex')
}
function toBase58 (bytes) {
  let text = ''
  for (let value = BigInt('0x' + bytes.toString('hex')); value > 0n; value /= 58n) text = alphabet[Number(value % 58n)] + text
  for (const byte of bytes) {
    if (byte) break
    text = '1' + text
  }
  return text
}

const [cid, spr] = process.argv.slice(2)
const content = keccak256(fromBase58(cid.slice(1)))
const provider = new Key()
const told = [sealRecord(provider, 7, [tcp({ address: '127.0.0.1', port: 9 })])]

const keepers = await Promise.all([1, 2, 3].map(() => Peer.make()))
for (const keeper of keepers) {
  keeper.reply = message => {
    const { kind, body } = message
    if (kind === 'findNode') {
      const others = keepers.filter(one => one !== keeper).map(one => one.record)
      return [['nodes', bodies.nodes(1, body[1].some(one => one.readUInt16BE() === 0) ? [keeper.record] : others)]]
    }
    if (kind === 'getProviders' && body[1][0].equals(content)) {
      console.log('is asked')
      return [['providers', bodies.providers(1, told)]]
    }
    if (kind === 'addProvider' && body[1][0].equals(content)) {
      const record = openRecord(body[2][0])
      const [address] = record.addresses
      if (address.length !== 8 || address[0] !== 4 || address[5] !== 6) throw new Error('a provider without an address of TCP')
      console.log(`is told ${toBase58(record.peer)} ${[...address.subarray(1, 5)].join('.')} ${address.readUInt16BE(6)}`)
      return []
    }
    return keeper.usualReply(message)
  }
}
if (spr) for (const keeper of keepers) await keeper.ping(contact(spr))
console.log(`${sprText(keepers[0].record)} ${toBase58(provider.peer)}`)
process.stdin.on('end', () => process.exit(0)).resume()
