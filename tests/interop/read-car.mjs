// node read-car.mjs <archive.car: reads a CAR v1 with the IPFS project's own library, hashes every
// block with node's SHA-256, and prints "root CID" for each root and "block CID BYTES" for each
// block. Ends with 1 at the first block whose bytes do not match its identifier.
import { createHash } from 'node:crypto'
import { CarBlockIterator } from '@ipld/car/iterator'
import { base58btc } from 'multiformats/bases/base58'

const sha2_256 = 0x12
const text = (cid) => cid.toString(base58btc.encoder)

const archive = await CarBlockIterator.fromIterable(process.stdin)
for (const root of await archive.getRoots()) {
    console.log(`root ${text(root)}`)
}
for await (const { cid, bytes } of archive) {
    const digest = createHash('sha256').update(bytes).digest()
    if (cid.multihash.code !== sha2_256 || !digest.equals(cid.multihash.digest)) {
        console.error(`${text(cid)}: the bytes do not match`)
        process.exit(1)
    }
    console.log(`block ${text(cid)} ${bytes.length}`)
}
