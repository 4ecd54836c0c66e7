// node ceremony-vectors.mjs: prints tests/vectors/ceremony.json. What a seed gives in ffjavascript, what
// its arithmetic makes of bytes behind the end of the powers, and a ceremony of the tiny circuit of proofs.json by snarkjs: from a phase-1 file of known secrets to a
// key with a contribution and a beacon. The contribution is random, so each run prints another file.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildBn128, ChaCha } from 'ffjavascript'
import * as snarkjs from 'snarkjs'

const here = dirname(fileURLToPath(import.meta.url))
const hex = (bytes) => Buffer.from(bytes).toString('hex')
const curve = await buildBn128(true)

function stream(seed) {
    const words = seed.match(/.{8}/g).map((word) => parseInt(word, 16))
    const times = (count, draw) => {
        const rng = new ChaCha(words)
        return Array.from({ length: count }, () => draw(rng))
    }
    const point = (group) => (rng) => hex(group.toUncompressed(group.toAffine(group.fromRng(rng))))
    return {
        seed,
        words: times(20, (rng) => rng.nextU32().toString(16).padStart(8, '0')),
        scalars: times(4, (rng) => curve.Fr.toString(curve.Fr.fromRng(rng))),
        g1: times(6, point(curve.G1)),
        g2: times(6, point(curve.G2)),
    }
}

// What follows section 2 of a file of 2^power, taken for a point, minus points.
function overruns(power) {
    const bytes = Buffer.alloc(64)
    bytes.writeUInt32LE(3)
    bytes.writeBigUInt64LE(128n * 2n ** BigInt(power), 4)
    Buffer.from(curve.G2.gAffine).copy(bytes, 12)
    return Array.from({ length: 8 }, (_, i) => {
        const point = curve.G1.toAffine(curve.G1.timesScalar(curve.G1.g, 5 ** i))
        const difference = curve.G1.toAffine(curve.G1.sub(new Uint8Array(bytes), point))
        return {
            bytes_hex: hex(bytes),
            subtrahend_stored_hex: hex(point),
            difference: hex(curve.G1.toUncompressed(difference)),
        }
    })
}

async function ceremony(folder) {
    const at = (name) => join(folder, name)
    const file = (name) => hex(readFileSync(at(name)))
    const tiny = JSON.parse(readFileSync(join(here, '../vectors/proofs.json'))).groth16_tiny
    writeFileSync(at('r1cs'), Buffer.from(tiny.r1cs_hex, 'hex'))
    const secrets = { tau: '271828182845904523536', alpha: '31415926535', beta: '1618033988749' }
    execFileSync(process.execPath, [join(here, 'known-ptau.mjs'), '4', at('raw'), ...Object.values(secrets)])
    await snarkjs.powersOfTau.preparePhase2(at('raw'), at('ptau'))
    const circuitHash = await snarkjs.zKey.newZKey(at('r1cs'), at('ptau'), at('initial'))
    const contribution = await snarkjs.zKey.contribute(at('initial'), at('contributed'), 'first', 'text')
    const beacon = {
        name: 'la fin, à 12 h',
        hash: '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fff',
        iterations_log2: 10,
    }
    const last = await snarkjs.zKey.beacon(
        at('contributed'), at('final'), beacon.name, beacon.hash, beacon.iterations_log2)
    if (!(await snarkjs.zKey.verifyFromR1cs(at('r1cs'), at('ptau'), at('final'))))
        throw new Error('snarkjs refuses its own key')
    return {
        secrets,
        ptau_hex: file('ptau'),
        circuit_hash: hex(circuitHash),
        initial_zkey_hex: file('initial'),
        contribution: { name: 'first', hash: hex(contribution) },
        contributed_zkey_hex: file('contributed'),
        beacon: { ...beacon, contribution_hash: hex(last) },
        final_zkey_hex: file('final'),
    }
}

const folder = mkdtempSync(join(tmpdir(), 'ceremony-'))
const seeds = [
    '00'.repeat(32),
    '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
    'fffffffffffffffe0000000300000004000000050000000600000007deadbeef',
]
const vectors = {
    seed_streams: seeds.map(stream),
    overruns: [15, 17].flatMap(overruns),
    ceremony: await ceremony(folder),
}
rmSync(folder, { recursive: true })
console.log(JSON.stringify(vectors, null, 1))
process.exit(0) // snarkjs leaves workers running
