// node known-ptau.mjs POWER FILE TAU ALPHA BETA: writes a phase-1 file for 2^POWER constraints from
// secrets that everybody knows, with iden3's own arithmetic and without contributions, so that two
// setups from the same secrets can be compared.
import { createBinFile, endWriteSection, startWriteSection } from '@iden3/binfileutils'
import { buildBn128, Scalar } from 'ffjavascript'

const [power, file, ...secrets] = process.argv.slice(2)
const curve = await buildBn128(true)
const { Fr, F1, G1, G2 } = curve
const [tau, alpha, beta] = secrets.map((text) => Fr.e(text))
const size = 2 ** power

/// factor * tau^i * g for i < count
function* powers(group, count, factor) {
    for (let i = 0; i < count; ++i) {
        yield group.toAffine(group.timesFr(group.g, factor))
        factor = Fr.mul(factor, tau)
    }
}

const out = await createBinFile(file, 'ptau', 1, 7)
async function section(type, write) {
    await startWriteSection(out, type)
    await write()
    await endWriteSection(out)
}
const points = (type, ...sequence) =>
    section(type, async () => {
        for (const point of powers(...sequence)) await out.write(point)
    })

await section(1, async () => {
    const modulus = new Uint8Array(F1.n8)
    Scalar.toRprLE(modulus, 0, curve.q, F1.n8)
    await out.writeULE32(F1.n8)
    await out.write(modulus)
    await out.writeULE32(Number(power))
    await out.writeULE32(Number(power))
})
await points(2, G1, 2 * size - 1, Fr.one)
await points(3, G2, size, Fr.one)
await points(4, G1, size, alpha)
await points(5, G1, size, beta)
await points(6, G2, 1, beta)
await section(7, () => out.writeULE32(0))
await out.close()
