// node contract.mjs VKEY PUBLIC PROGRAM <WORDS: hands a proof in the form of the Codex contracts, 256 bytes
// in hex with or without 0x, to the verifier contract in an Ethereum virtual machine, as it is and
// altered in every part, and to the library's (PROGRAM is codex-testmarket). Prints "WHAT: accepted", "WHAT:
// refused", "WHAT: overflow" or, when the call itself fails, why; and "WHAT: DIFFERENT" with both answers.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { deploy } from './evm.mjs'

const r = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n

const [keyPath, inputsPath, program] = process.argv.slice(2)
const [key, inputs] = [keyPath, inputsPath].map((path) => JSON.parse(readFileSync(path, 'utf8')))
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

// On the twist, but not in the group: its order is another one.
const outside = [
    1n,
    0n,
    18278151005453108793778860132295291098363647455926340152056652516292830556603n,
    5912654199736721486680175016176231956195085055698687135131307249486702594212n,
]

const { verify } = await deploy(key)
const ours = spawn(program, ['verify', keyPath], { stdio: ['pipe', 'pipe', 'inherit'] })
const answers = createInterface({ input: ours.stdout })[Symbol.asyncIterator]()
/// What the library says. The market gives its verifier three inputs, always.
async function ourVerdict(proof, values) {
    ours.stdin.write(`${JSON.stringify({ proof: proof.map(String), inputs: values.map(String) })}\n`)
    return (await answers.next()).value
}
async function show(what, proof, values) {
    const outcome = await verify(proof, values).catch((error) => error.message)
    const own = values.length === 3 ? await ourVerdict(proof, values) : outcome
    console.log(`${what}: ${own === outcome ? outcome : `DIFFERENT: ${outcome} there, ${own} here`}`)
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
await showProof('b at infinity', a, [...infinity, ...infinity], c)
await showProof('c at infinity', a, b, infinity)
await showProof('all at infinity', infinity, [...infinity, ...infinity], infinity)
await showProof('b outside its group', a, outside, c)
await showProof('a off the curve', [1n, 1n], b, c)
await showProof('b off the curve', a, [1n, 0n, 1n, 0n], c)
await showProof('c off the curve', a, b, [1n, 1n])
await showProof('the y of a the modulus', [ax, q], b, c)
await showProof('a at infinity with the modulus as its y', [0n, q], b, c)
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
ours.stdin.end()
