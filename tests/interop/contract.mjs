// node contract.mjs VKEY PUBLIC <WORDS: hands a proof in the form of the Codex contracts, 256 bytes
// in hex with or without 0x, to the verifier contract in an Ethereum virtual machine, as it is and
// altered in every part. Prints "WHAT: accepted", "WHAT: refused" or, when the call itself fails,
// why.
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { deploy } from './evm.mjs'

const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n

const [key, inputs] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')))
const hex = (await text(process.stdin)).trim().replace(/^0x/, '')
const words = hex.match(/.{64}/g).map((word) => BigInt(`0x${word}`))
const publicInputs = inputs.map(BigInt)
const [ax, ay, bxReal, bxImaginary, byReal, byImaginary, cx, cy] = words
const a = [ax, ay]
const b = [bxReal, bxImaginary, byReal, byImaginary]
const c = [cx, cy]
const minusA = [ax, q - ay]
const minusB = [bxReal, bxImaginary, q - byReal, q - byImaginary]
const minusC = [cx, q - cy]
const infinity = [0n, 0n]
const [first, ...others] = publicInputs
const replaced = (values, index, value) => values.map((old, i) => (i === index ? value : old))

const { verify } = await deploy(key)
async function show(what, proof, values) {
    const outcome = await verify(proof, values).then(
        (accepted) => (accepted ? 'accepted' : 'refused'),
        (error) => error.message,
    )
    console.log(`${what}: ${outcome}`)
}
const showProof = (what, ...points) => show(what, points.flat(), publicInputs)
const showInputs = (what, values) => show(what, words, values)

await showProof('the proof', a, b, c)
await showProof('a and b negated', minusA, minusB, c) // another proof of the same
await showProof('a negated', minusA, b, c)
await showProof('b negated', a, minusB, c)
await showProof('c negated', a, b, minusC)
await showProof('b with imaginary before real', a, [bxImaginary, bxReal, byImaginary, byReal], c)
await showProof('a and c exchanged', c, b, a)
await showProof('a at infinity', infinity, b, c)
for (let i = 0; i < words.length; ++i) {
    await showProof(`word ${i} plus one`, replaced(words, i, words[i] + 1n))
    await showProof(`word ${i} plus the modulus`, replaced(words, i, words[i] + q))
}
for (let i = 0; i < publicInputs.length; ++i) {
    const input = publicInputs[i]
    await showInputs(`input ${i} plus one`, replaced(publicInputs, i, (input + 1n) % r))
    await showInputs(`input ${i} plus the order`, replaced(publicInputs, i, input + r))
}
await showInputs('the first input last', [...others, first])
await showInputs('an input less', others)
await showInputs('an input more', [...publicInputs, 0n])
