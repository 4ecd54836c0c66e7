// node ethers.mjs PROGRAM SEED COUNT: transactions, addresses, calls, events and keystores go to ethers and come from it;
// PROGRAM is codex-testethereum. Prints what was compared how often; ends with 1 at the first difference.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { deepStrictEqual as same } from 'node:assert'
import { Interface, Transaction, Wallet, encryptKeystoreJson, getAddress, hexlify, keccak256 } from 'ethers'

const [program, ...numbers] = process.argv.slice(2)
const [seed, count] = numbers.map(Number)

let made = 0
/// So many bytes, which follow from the seed.
function bytes(size) {
    let all = ''
    while (all.length < 2 * size) {
        all += keccak256(Buffer.from(`${seed} ${made++}`)).slice(2)
    }
    return `0x${all.slice(0, 2 * size)}`
}
const number = (size) => (size === 0 ? 0n : BigInt(bytes(size)))
const below = (bound) => Number(number(6) % BigInt(bound))
const address = () => getAddress(bytes(20))

const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
async function ask(what) {
    child.stdin.write(`${JSON.stringify(what, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`)
    const { value, done } = await lines.next()
    if (done) throw new Error('the program has ended')
    return JSON.parse(value)
}
const compared = new Map()
const note = (what) => compared.set(what, (compared.get(what) ?? 0) + 1)

// --- transactions -----------------------------------------------------------------------------

function someTransaction() {
    const typed = below(2) === 0
    const fees = typed
        ? { maxPriorityFeePerGas: number(below(9)), maxFeePerGas: number(below(33)) }
        : { gasPrice: number(below(33)) }
    // A priority above the greatest fee is signed by nobody.
    if (typed && fees.maxFeePerGas < fees.maxPriorityFeePerGas) fees.maxFeePerGas = fees.maxPriorityFeePerGas
    return {
        type: typed ? 2 : 0,
        chainId: 1n + number(below(4)),
        nonce: number(below(6)),
        gasLimit: number(below(8)),
        to: below(8) === 0 ? null : address(),
        value: number(below(33)),
        data: bytes(below(6) === 0 ? below(300) : below(3)),
        ...fees,
    }
}
const fieldsOf = (transaction, type) => {
    const names = ['chainId', 'gasLimit', 'value', ...(type === 2 ? ['maxPriorityFeePerGas', 'maxFeePerGas'] : ['gasPrice'])]
    return {
        ...Object.fromEntries(names.map((name) => [name, String(transaction[name])])),
        type: transaction.type,
        nonce: String(transaction.nonce),
        to: transaction.to,
        data: transaction.data,
    }
}

for (let i = 0; i < count; ++i) {
    const wallet = new Wallet(bytes(32))
    const fields = someTransaction()
    const own = await ask({ sign: fields, key: wallet.privateKey })
    same(own.from, wallet.address)
    const read = Transaction.from(own.raw)
    same(fieldsOf(read, fields.type), fieldsOf(fields, fields.type))
    same([read.from, read.hash, read.serialized], [wallet.address, own.hash, own.raw])
    // RFC 6979 leaves no choice, so theirs is the same.
    const theirs = await wallet.signTransaction({ ...fields, nonce: Number(fields.nonce) })
    same(theirs, own.raw)
    const back = await ask({ read: theirs })
    same(back.transaction, fieldsOf(fields, fields.type))
    same([back.from, back.hash], [wallet.address, own.hash])
    note('transactions')
}

// --- calls and events ---------------------------------------------------------------------------

function someValue({ baseType, type, components, arrayChildren }) {
    if (baseType === 'tuple') return components.map(someValue)
    if (baseType === 'array') return Array.from({ length: below(4) }, () => someValue(arrayChildren))
    if (type.startsWith('uint')) return number(below(Number(type.slice(4)) / 8 + 1))
    if (type === 'bool') return below(2) === 0
    if (type === 'address') return address()
    if (type === 'string') return 'x'.repeat(below(70))
    if (type === 'bytes') return bytes(below(70))
    return bytes(Number(type.slice(5)))
}
/// As our program writes them.
const plain = (value) => {
    if (typeof value === 'bigint') return String(value)
    return typeof value === 'object' ? Array.from(value, plain) : value
}

const { functions, events } = await ask({ functions: true })
for (const signature of functions) {
    const theirs = new Interface([`function ${signature}`])
    const fragment = theirs.fragments[0]
    for (let i = 0; i < 4; ++i) {
        const args = fragment.inputs.map(someValue)
        const { data } = await ask({ encode: signature, args })
        same(data, theirs.encodeFunctionData(fragment, args), signature)
        same(plain(theirs.decodeFunctionData(fragment, data)), plain(args), signature)
        same(await ask({ decode: data }), { signature, args: plain(args) })
        note('calls')
    }
}
for (const { signature, indexed } of events) {
    const bare = new Interface([`event ${signature}`]).fragments[0]
    const types = bare.inputs.map((input, i) => `${input.format('sighash')}${indexed[i] ? ' indexed' : ''}`)
    const theirs = new Interface([`event ${bare.name}(${types.join(',')})`])
    const fragment = theirs.fragments[0]
    for (let i = 0; i < 4; ++i) {
        const args = fragment.inputs.map(someValue)
        const own = await ask({ log: signature, args })
        const { topics, data } = theirs.encodeEventLog(fragment, args)
        same([own.topics, own.data], [topics.map((topic) => hexlify(topic)), data], signature)
        same(plain(theirs.parseLog(own).args), plain(args), signature)
        same(own.args, plain(args), signature)
        note('events')
    }
}

// --- keystores ----------------------------------------------------------------------------------

for (const password of ['', 'a password', 'päßwörd']) {
    const { address: own, privateKey } = new Wallet(bytes(32))
    const keystore = await encryptKeystoreJson({ address: own, privateKey }, password, { scrypt: { N: 1024, r: 8, p: 1 } })
    same((await ask({ keystore, password })).from, own)
    note('keystores')
}

child.stdin.end()
for (const [what, times] of compared) console.log(`${what} ${times}`)
