// node write-car.mjs CID... <archive.car >other.car: rewrites a CAR v1 with the IPFS project's own
// library, with the CIDs given as roots: a valid archive that we did not write.
import { Readable } from 'node:stream'
import { CarReader } from '@ipld/car/reader'
import { CarWriter } from '@ipld/car/writer'
import { CID } from 'multiformats/cid'
import { base58btc } from 'multiformats/bases/base58'

const reader = await CarReader.fromIterable(process.stdin)
const roots = process.argv.slice(2).map((text) => CID.parse(text, base58btc.decoder))
const { writer, out } = CarWriter.create(roots)
Readable.from(out).pipe(process.stdout)
for await (const block of reader.blocks()) {
    await writer.put(block)
}
await writer.close()
