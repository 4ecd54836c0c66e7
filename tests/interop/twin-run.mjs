// twin-run.mjs PROGRAM SEED WORLDS CALLS: random calls of the market's contracts, so many in each of so many worlds with
// configurations of their own, in our library (PROGRAM is codex-testmarket) and in Solidity. Answers, refusals, events and
// balances have to be the same, byte for byte. Prints what was called how often and how it ended; ends with 1 at the first
// difference, and prints the calls that led there.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { keccak256 } from 'ethereum-cryptography/keccak.js'
import { begin, bytes, hex, word } from './twin.mjs'

const program = process.argv[2]
const [seed, worlds, calls] = process.argv.slice(3).map(Number)

// --- choices --------------------------------------------------------------------------------

let state = BigInt(seed) * 0x9e3779b97f4a7c15n + 0x2545f4914f6cdd1dn
function random() {
    state ^= (state << 13n) & 0xffffffffffffffffn
    state ^= state >> 7n
    state ^= (state << 17n) & 0xffffffffffffffffn
    state &= 0xffffffffffffffffn
    return state
}
const below = (bound) => Number(random() % BigInt(bound))
const one = (of) => of[below(of.length)]
const chance = (share) => below(1000) < share * 1000

// --- encoding -------------------------------------------------------------------------------

const selectorOf = (signature) => hex(keccak256(Buffer.from(signature))).slice(2, 10)
const ask7 = '(uint256,uint256,uint256,uint64,uint64,uint64,uint64)'
const proof8 = '((uint256,uint256),((uint256,uint256),(uint256,uint256)),(uint256,uint256))'
const selectors = new Map()
/// A call of `name(types)` with values that take a word each.
function encode(signature, ...values) {
    if (!selectors.has(signature)) selectors.set(signature, selectorOf(signature))
    return `0x${selectors.get(signature)}${values.flat().map(word).join('')}`
}
function encodeRequest({ client, ask, cid, root, expiry, nonce }) {
    const content = [64, root, cid.length]
    const padded = Buffer.from(cid).toString('hex').padEnd(64 * Math.ceil(cid.length / 32), '0')
    const head = [32, client, ...ask, 11 * 32, expiry, nonce, ...content].map(word).join('')
    return `0x${selectorOf(`requestStorage((address,${ask7},(bytes,bytes32),uint64,bytes32))`)}${head}${padded}`
}
const slotOf = (request, index) => hex(keccak256(bytes(request + word(index))))

// --- the world of a run ---------------------------------------------------------------------

const people = [1, 2, 3, 4, 5, 6].map((n) => `0x${String(n).padStart(2, '0').repeat(20)}`)
let configuration
let twin
let ours
let answers
let block
let time
let requests
let slots
let filled
let past
const counts = new Map()

async function beginWorld() {
    configuration = {
        collateral: {
            repairRewardPercentage: one([0, 10, 100]),
            maxNumberOfSlashes: one([1, 2, 5]),
            slashPercentage: one([0, 10, 20]),
            validatorRewardPercentage: one([0, 20, 100]),
        },
        proofs: {
            period: one([1, 10, 30]),
            timeout: one([5, 20, 30]),
            downtime: 64,
            downtimeProduct: 67,
            zkeyHash: '',
        },
        reservations: { maxReservations: one([1, 3, 255]) },
        requestDurationLimit: one([2592000, 18446744073709551615n]),
    }
    twin = await begin(configuration, people[0])
    const text = JSON.stringify(configuration, (_, value) =>
        typeof value === 'bigint' ? value.toString() : value,
    )
    ours = spawn(program, [text, twin.token, twin.marketplace, twin.vault, people[0]])
    ours.stderr.pipe(process.stderr)
    answers = createInterface({ input: ours.stdout })[Symbol.asyncIterator]()
    block = 300
    time = 2000000000
    requests = []
    slots = []
    filled = []
    past = []
    for (const who of people) {
        await send('mint', who, encode('mint(address,uint256)', who, 1n << 60n), twin.token)
        for (const spender of [twin.marketplace, twin.vault])
            await send('approve', who, encode('approve(address,uint256)', spender, most256), twin.token)
    }
}

async function both(name, from, to, data, view = false) {
    const call = { block, time, from, to, data, view }
    past.push(call)
    ours.stdin.write(`${JSON.stringify(call)}\n`)
    const { value } = await answers.next()
    if (value === undefined) throw new Error('our side has ended')
    const [theirs, mine] = [JSON.stringify(await twin.call(call)), JSON.stringify(JSON.parse(value))]
    const sorted = (text) => {
        const { ok, data, logs } = JSON.parse(text)
        return JSON.stringify({ ok, data, logs: logs.map(({ address, topics, data }) => [address, topics, data]) })
    }
    const end = JSON.parse(theirs)
    const how = `${name} ${end.ok ? 'done' : end.data.slice(0, 10)}`
    counts.set(how, (counts.get(how) ?? 0) + 1)
    if (sorted(theirs) !== sorted(mine)) {
        for (const earlier of past) if (!earlier.view || earlier === call) console.log(JSON.stringify(earlier))
        console.log(`seed ${seed}, ${name}: the contract: ${theirs}\nthe library: ${mine}`)
        process.exit(1)
    }
    return end
}
const send = (name, from, data, to = twin.marketplace) => both(name, from, to, data)
const view = (name, from, data, to = twin.marketplace) => both(name, from, to, data, true)

// --- what is done ---------------------------------------------------------------------------

const most64 = (1n << 64n) - 1n
const most256 = (1n << 256n) - 1n
const small = () => BigInt(1 + below(20))
/// Nearly always what a user would say, at times what one would who wants to break it.
const or = (usual, ...odd) => (chance(0.03) ? one(odd) : usual)
const zero = () => `0x${'00'.repeat(20)}`
const anyone = () => one(people)
/// Of late mostly, for what is old has ended.
const late = (all) => (chance(0.85) ? one(all.slice(-6)) : one(all))
const anySlot = () => or(slots.length ? late(slots) : { id: word(7), request: word(7), index: 0 }, {
    id: `0x${word(random())}`,
    request: `0x${word(random())}`,
    index: 0,
})
/// One that a host has had, where there is one.
const hostedSlot = () => (filled.length && chance(0.8) ? late(filled) : anySlot())
const anyRequest = () => or(requests.length ? late(requests) : { id: word(9), client: people[0] }, {
    id: `0x${word(random())}`,
    client: people[0],
})

async function requestStorage() {
    const client = anyone()
    const duration = or(BigInt(150 + below(2000)), 0n, most64, 2592000n, 2592001n)
    const made = {
        client: or(client, one(people)),
        ask: [
            or(one([1n, 1n, 1n, 2n, 4n]), 0n, most256, 1n << 250n),
            or(small(), 0n, most256, 1n << 192n),
            or(small(), 0n, most256, 1n << 200n),
            or(BigInt(1 + below(4)), 0n, most64),
            or(small(), 0n, most64),
            duration,
            or(BigInt(below(3)), 5n, most64),
        ],
        cid: Buffer.alloc(or(1 + below(70), 0), 0x61),
        root: random(),
        expiry: or(BigInt(20 + below(120)), 0n, duration, most64),
        nonce: random(),
    }
    let data = encodeRequest(made)
    if (chance(0.06)) data = spoiled(data)
    if (chance(0.02)) data += '00ff'
    const end = await send('requestStorage', client, data)
    if (!end.ok) return
    const id = end.logs.at(-1).data.slice(0, 66)
    requests.push({ id, client })
    for (let index = 0; index < Math.min(4, Number(made.ask[3])); ++index)
        slots.push({ id: slotOf(id, index), request: id, index })
    if (chance(0.1)) await send('requestStorage again', client, data)
}

/// A word of the arguments is another one, or the end is missing.
function spoiled(data) {
    const words = (data.length - 10) / 64
    if (chance(0.3)) return data.slice(0, 10 + 2 * below((data.length - 10) / 2))
    const at = 10 + 64 * below(Math.floor(words))
    const is = one([word(most256), word(most64), word((1n << 63n) - 1n), word(0), word(32 * below(20)), word(1n << 160n),
        word(most64 - BigInt(below(1000)))])
    return data.slice(0, at) + is + data.slice(at + 64)
}

const proofWords = () => or([1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 0, 0, 0, 0, 0, 0], new Array(8).fill(most256))
const fillSignature = `fillSlot(bytes32,uint64,${proof8})`

const deeds = [
    [5, requestStorage],
    [10, async () => {
        const { request, index } = anySlot()
        await send('reserveSlot', anyone(), encode('reserveSlot(bytes32,uint64)', request, or(index, 99, most64)))
    }],
    [22, async () => {
        const slot = anySlot()
        const { request, index } = slot
        const host = anyone()
        if (chance(0.8)) await send('reserveSlot', host, encode('reserveSlot(bytes32,uint64)', request, index))
        let data = encode(fillSignature, request, or(index, 99, most64), proofWords())
        if (chance(0.03)) data = spoiled(data)
        const end = await send('fillSlot', host, data)
        if (end.ok) filled.push(slot)
    }],
    [10, async () => {
        const { id } = hostedSlot()
        const from = chance(0.7) ? await hostOf(id) : anyone()
        await send('submitProof', from, encode(`submitProof(bytes32,${proof8})`, id, proofWords()))
    }],
    [16, async () => {
        const period = Math.floor(time / configuration.proofs.period)
        const at = or(period - 1, period, period - 2, period + 1, most64, most64 / 10n, 0)
        await send('markProofAsMissing', anyone(), encode('markProofAsMissing(bytes32,uint64)', hostedSlot().id, at))
    }],
    [6, async () => {
        const { id } = hostedSlot()
        const from = chance(0.8) ? await hostOf(id) : anyone()
        await send('freeSlot', from, encode('freeSlot(bytes32)', id))
    }],
    [4, async () => {
        const { id } = hostedSlot()
        const from = chance(0.8) ? await hostOf(id) : anyone()
        const [reward, collateral] = [or(anyone(), zero(), twin.marketplace), or(anyone(), zero())]
        await send('freeSlot to', from, encode('freeSlot(bytes32,address,address)', id, reward, collateral))
    }],
    [5, async () => {
        const { id, client } = anyRequest()
        await send('withdrawFunds', or(client, anyone()), encode('withdrawFunds(bytes32)', id))
    }],
    [2, async () => {
        const { id, client } = anyRequest()
        await send('withdrawFunds to', client, encode('withdrawFunds(bytes32,address)', id, or(anyone(), zero())))
    }],
    [4, async () => {
        const amount = or(BigInt(below(1_000_000_000)), 0n, most256)
        const [name, data] = one([
            ['mint', encode('mint(address,uint256)', or(anyone(), zero()), amount)],
            ['transfer', encode('transfer(address,uint256)', or(anyone(), zero(), twin.marketplace), amount)],
            ['approve', encode('approve(address,uint256)', or(twin.marketplace, zero(), anyone()), or(most256, amount))],
            ['transferFrom', encode('transferFrom(address,address,uint256)', or(anyone(), zero()), or(anyone(), zero()), amount)],
        ])
        await send(name, anyone(), data, twin.token)
    }],
    [10, vaultCall],
    [8, look],
]
const weights = deeds.reduce((sum, [weight]) => sum + weight, 0)

async function hostOf(id) {
    const { data } = await view('getHost', people[0], encode('getHost(bytes32)', id))
    const host = `0x${data.slice(26)}`
    return people.includes(host) ? host : anyone()
}

async function vaultCall() {
    if (chance(0.3)) return fillVault()
    const fund = word(1 + below(6))
    const account = () => `${anyone()}${'00'.repeat(11)}0${below(2)}`
    const amount = or(BigInt(below(2000)), 0n, (1n << 128n) - 1n, 1n << 128n)
    const later = BigInt(time + below(300))
    const [name, data] = one([
        ['lock', encode('lock(bytes32,uint40,uint40)', `0x${fund}`, or(later, 0n, BigInt(time)), or(later + 200n, 0n, 1n << 40n))],
        ['lock', encode('lock(bytes32,uint40,uint40)', `0x${fund}`, later, later + 200n)],
        ['extendLock', encode('extendLock(bytes32,uint40)', `0x${fund}`, later)],
        ['deposit', encode('deposit(bytes32,bytes32,uint128)', `0x${fund}`, account(), amount)],
        ['deposit', encode('deposit(bytes32,bytes32,uint128)', `0x${fund}`, account(), amount)],
        ['designate', encode('designate(bytes32,bytes32,uint128)', `0x${fund}`, account(), amount)],
        ['vault transfer', encode('transfer(bytes32,bytes32,bytes32,uint128)', `0x${fund}`, account(), account(), amount)],
        ['flow', encode('flow(bytes32,bytes32,bytes32,uint96)', `0x${fund}`, account(), account(), or(small(), (1n << 96n) - 1n))],
        ['flow', encode('flow(bytes32,bytes32,bytes32,uint96)', `0x${fund}`, account(), account(), 1n)],
        ['burnDesignated', encode('burnDesignated(bytes32,bytes32,uint128)', `0x${fund}`, account(), amount)],
        ['burnAccount', encode('burnAccount(bytes32,bytes32)', `0x${fund}`, account())],
        ['freezeFund', encode('freezeFund(bytes32)', `0x${fund}`)],
        ['withdraw', encode('withdraw(bytes32,bytes32)', `0x${fund}`, account())],
        ['withdraw', encode('withdraw(bytes32,bytes32)', `0x${fund}`, account())],
        ['withdrawByRecipient', encode('withdrawByRecipient(address,bytes32,bytes32)', people[1], `0x${fund}`, account())],
        ['getBalance', encode('getBalance(bytes32,bytes32)', `0x${fund}`, account())],
        ['getDesignatedBalance', encode('getDesignatedBalance(bytes32,bytes32)', `0x${fund}`, account())],
        ['getFundStatus', encode('getFundStatus(bytes32)', `0x${fund}`)],
        ['getLockExpiry', encode('getLockExpiry(bytes32)', `0x${fund}`)],
        ['encodeAccountId', encode('encodeAccountId(address,bytes12)', anyone(), `0x${'ab'.repeat(12)}${'00'.repeat(20)}`)],
        ['decodeAccountId', encode('decodeAccountId(bytes32)', account())],
        chance(0.1) ? ['pause', encode('pause()')] : ['unpause', encode('unpause()')],
        ['unpause', encode('unpause()')],
        chance(0.01)
            ? ['renounceOwnership', encode('renounceOwnership()')]
            : ['transferOwnership', encode('transferOwnership(address)', or(people[0], zero()))],
    ])
    // Funds are one controller's mostly, so that they have something.
    await send(name, chance(0.9) ? people[one([0, 1])] : anyone(), data, twin.vault)
}

/// A fund that is locked, with something in it that flows.
async function fillVault() {
    const fund = `0x${word(1 + below(6))}`
    const account = (n) => `${people[n]}${'00'.repeat(12)}`
    const until = BigInt(time + 100 + below(300))
    const asOwner = (name, data) => send(name, people[below(2)], data, twin.vault)
    await asOwner('lock', encode('lock(bytes32,uint40,uint40)', fund, until, until + 100n))
    for (const n of [0, 1, 2])
        await asOwner('deposit', encode('deposit(bytes32,bytes32,uint128)', fund, account(n), BigInt(below(5000))))
    await asOwner('flow', encode('flow(bytes32,bytes32,bytes32,uint96)', fund, account(below(3)), account(below(3)), small()))
    for (const n of [0, 1, 2])
        await asOwner('getBalance', encode('getBalance(bytes32,bytes32)', fund, account(n)))
}

const ofRequest = ['getRequest', 'requestState', 'requestEnd', 'requestExpiry']
const ofSlot = ['getActiveSlot', 'getHost', 'slotState', 'currentCollateral', 'missingProofs', 'getPointer', 'getChallenge',
    'isProofRequired', 'willProofBeRequired', 'slotProbability']

async function look() {
    const [request, slot, who] = [anyRequest(), hostedSlot(), anyone()]
    for (const name of ofRequest) await view(name, who, encode(`${name}(bytes32)`, request.id))
    for (const name of ofSlot) await view(name, who, encode(`${name}(bytes32)`, slot.id))
    for (const name of ['myRequests', 'mySlots', 'configuration', 'token']) await view(name, who, encode(`${name}()`))
    await view('canReserveSlot', who, encode('canReserveSlot(bytes32,uint64)', slot.request, slot.index))
    const period = Math.floor(time / configuration.proofs.period) - 1
    await view('canMarkProofAsMissing', who, encode('canMarkProofAsMissing(bytes32,uint64)', slot.id, period))
    for (const of of [...people, twin.marketplace, twin.vault])
        await view('balanceOf', who, encode('balanceOf(address)', of), twin.token)
    await view('totalSupply', who, encode('totalSupply()'), twin.token)
    await view('allowance', who, encode('allowance(address,address)', who, twin.marketplace), twin.token)
}

for (let world = 0; world < worlds; ++world) {
    await beginWorld()
    for (let i = 0; i < calls; ++i) {
        // Time goes on, at times up to where something ends; a pointer goes on with each block.
        block += or(below(3), below(300))
        time += chance(0.9) ? below(4) : or(below(2 * configuration.proofs.period), below(2500))
        let left = below(weights)
        const deed = deeds.find(([weight]) => (left -= weight) < 0)[1]
        await deed()
    }
    await look()
    ours.stdin.end()
}
for (const [how, times] of [...counts].sort()) console.log(`${how} ${times}`)
